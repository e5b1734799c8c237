import type { JointContent } from '#trust';
import type { CaseFile } from '../case-file.ts';
import { endOf, type JointPartRow } from './joint-case.ts';
import { advance, allEnded, nextPart, nextWhole, type PartEvent, type WholeState } from './joint-states.ts';

/** A joint case as it stands: its parts, and the cases that were opened for them, by conversation. */
export interface JointStanding {
  readonly state: WholeState;
  readonly rows: readonly JointPartRow[];
  readonly files: ReadonlyMap<string, CaseFile>;
  /** Whether its agreement is in force: without it no further part begins. */
  readonly isAgreed: boolean;
}

/** What has become of it: the whole, and every part that moved. */
export interface JointMove {
  readonly state: WholeState;
  readonly moved: readonly JointPartRow[];
}

/** Moves a joint case to where the cases of its parts have brought it. Pure, so that it may be asked at any time. */
export function moveJoint({ parts }: Pick<JointContent, 'parts'>, standing: JointStanding): JointMove {
  const { state, files, isAgreed } = standing;
  const moved = new Map<string, JointPartRow>();
  const rows = new Map(standing.rows.map((row) => [row.part, row]));
  const move = (id: string, event: PartEvent, code = '') => {
    const row = rows.get(id)!;
    const next = { ...row, state: nextPart(row.state, event), code };
    rows.set(id, next);
    moved.set(id, next);
  };
  for (const { part, conversation, state: partState } of standing.rows) {
    const file = files.get(conversation);
    const event = file && endOf(file);
    if (partState === 'running' && event) move(part, event);
    else if (partState === 'done' && event === 'fail') move(part, 'fail');
    else if (state === 'withdrawing' && mayStillBeSkipped(partState, file)) move(part, 'skip');
    else if (!isAgreed && partState === 'waiting') move(part, 'skip', 'JOINT_INACTIVE');
  }
  const { begin, skip } = advance(parts.map(({ id, after }) => ({ id, after, state: rows.get(id)!.state })));
  for (const id of skip) move(id, 'skip');
  for (const id of begin) move(id, 'begin');
  return { state: wholeAfter(), moved: [...moved.values()] };

  function wholeAfter(): WholeState {
    if (!allEnded([...rows.values()])) return state;
    const isWorthless = [...rows.values()].every((row) => !isToBeHandedOver(files.get(row.conversation)));
    return nextWhole(state, state === 'withdrawing' && isWorthless ? 'nothing-left' : 'all-ended');
  }
}

/** Whether the case of a part has a decision that the applicant has not in hand. */
export function isToBeHandedOver(file: CaseFile | undefined): boolean {
  return file?.state === 'issued' || file?.state === 'denied';
}

/** A withdrawn whole begins nothing, and leaves what no other region has heard of. */
function mayStillBeSkipped(state: JointPartRow['state'], file: CaseFile | undefined): boolean {
  return state === 'waiting' || (state === 'running' && (!file || file.state === 'draft'));
}
