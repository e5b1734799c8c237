import { CodedError, type Mode } from '#proto';
import type { CaseFile, JointPlace } from '../case-file.ts';

/**
 * M3: a part of a joint case is opened with its whole, and nothing else is opened in the mode `joint`.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function demandWhole(mode: Mode, place: JointPlace | undefined): void {
  if (mode !== 'joint' || place) return;
  const message = 'is opened as a part of a joint case (联办件) at the lead region: tongban case joint open';
  throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/mode', code: 'NOT_ALONE', message }]);
}

/**
 * Who delivers the result of a part is agreed (出件方式): the window that received hands everything over at once, or each
 * region its own.
 *
 * @param by the part that the delivering region has in the case
 * @param withWhole whether it is handed over together with the whole
 * @throws CodedError ILLEGAL_TRANSITION
 */
export function demandDeliverer(file: CaseFile, by: CaseFile['role'], withWhole: boolean): void {
  const { joint } = file.document;
  if (!joint) return;
  if (joint.handover === 'one-window') {
    if (by === 'handling') throw refused(joint, 'the window that received the whole hands over all results at once');
    const command = joint.agreement === '' ? 'bundle' : 'joint';
    if (!withWhole) throw refused(joint, `it is handed over with the whole: tongban case ${command} hand-over`);
  } else if (by === 'receiving' && file.mode === 'joint') {
    throw refused(joint, 'each region hands over the result of its own part');
  }
}

function refused({ number, part }: JointPlace, reason: string): CodedError {
  const which = part === '' ? 'a part' : `part "${part}"`;
  return new CodedError('ILLEGAL_TRANSITION', `the case is ${which} of the whole ${number}: ${reason}`);
}
