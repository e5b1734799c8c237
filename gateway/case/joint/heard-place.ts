import { CodedError, type messages } from '#proto';
import { readJoint } from '#trust';
import { jointStateAt, joints } from '../../joint/joint-table.ts';
import type { Sql } from '../../store/store.ts';
import type { JointPlace } from '../case-file.ts';

interface Arrived {
  /** Our region. */
  readonly us: string;
  /** Region that sent it. */
  readonly peer: string;
  /** When it came, milliseconds. */
  readonly at: number;
}

/**
 * M3: the part of a joint-handling agreement (联办协议) that a transfer opens here. Only the lead opens parts, only those that
 * our region decides, and only while the agreement that we signed is in force. The order of the parts is the lead's to
 * keep: we are told nothing of the others.
 *
 * @returns undefined in every other mode
 * @throws CodedError JOINT_UNKNOWN, JOINT_INACTIVE, JOINT_INVALID
 */
export async function heardPlace(
  sql: Sql,
  { mode, item, ...application }: messages.CaseTransfer | messages.PreviewRequested,
  { us, peer, at }: Arrived,
): Promise<JointPlace | undefined> {
  const reference = 'joint' in application ? application.joint : null;
  if (mode !== 'joint') {
    if (reference) throw new CodedError('JOINT_INVALID', `a case in the mode ${mode} is no part of a joint case`);
    return undefined;
  }
  if (!reference) throw new CodedError('JOINT_INVALID', 'the case does not say which part of which agreement it is');
  const { agreementId, part, jointNumber } = reference;
  const record = await joints.find(sql, agreementId);
  if (!record) throw new CodedError('JOINT_UNKNOWN');
  const { content } = readJoint(record.document);
  const state = jointStateAt(record, at);
  if (state !== 'active') throw new CodedError('JOINT_INACTIVE', `the joint agreement is ${state}`);
  if (at < Date.parse(content.valid_from)) throw new CodedError('JOINT_INACTIVE', 'its validity has not begun');
  if (peer !== content.lead) throw new CodedError('JOINT_INVALID', 'only the lead region opens parts of a joint case');
  const known = content.parts.find(({ id }) => id === part);
  if (known?.region !== us || known.item !== item)
    throw new CodedError('JOINT_INVALID', `"${part}" is no part that we decide with the item ${item}`);
  return { agreement: agreementId, part, number: jointNumber, handover: content.handover };
}
