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
  /** Whether the case is here already, after a preview. */
  readonly isKnown: boolean;
}

/** B6: all that a region learns of a bundle (一件事): that another window hands over. */
function bundlePlace(mode: string, number: string, isKnown: boolean): JointPlace {
  if (mode !== 'agency')
    throw new CodedError('PAYLOAD_INVALID', `a case in the mode ${mode} is no part of a bundle of another region`, [
      { pointer: '/bundleNumber', code: 'CONFLICT', message: 'only cases in the mode agency are parts of a bundle' },
    ]);
  if (isKnown) throw new CodedError('ILLEGAL_TRANSITION', 'a part of a bundle has no preview of its own');
  return { agreement: '', part: '', number, handover: 'one-window' };
}

/**
 * M3: the part of a joint-handling agreement (联办协议) that a transfer opens here. Only the lead opens parts, only those that
 * our region decides, and only while the agreement that we signed is in force. The order of the parts is the lead's to
 * keep: we are told nothing of the others. B6: of a bundle of the other region we are told its number alone.
 *
 * @returns undefined for a case on its own
 * @throws CodedError JOINT_UNKNOWN, JOINT_INACTIVE, JOINT_INVALID, PAYLOAD_INVALID, ILLEGAL_TRANSITION
 */
export async function heardPlace(
  sql: Sql,
  { mode, item, ...application }: messages.CaseTransfer | messages.PreviewRequested,
  { us, peer, at, isKnown }: Arrived,
): Promise<JointPlace | undefined> {
  const { joint: reference = null, bundleNumber = '' } = 'bundleNumber' in application ? application : {};
  if (mode !== 'joint') {
    if (reference) throw new CodedError('JOINT_INVALID', `a case in the mode ${mode} is no part of a joint case`);
    return bundleNumber === '' ? undefined : bundlePlace(mode, bundleNumber, isKnown);
  }
  if (bundleNumber !== '') throw new CodedError('JOINT_INVALID', 'a part of a joint case is no part of a bundle');
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
