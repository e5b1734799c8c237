import type { CaseFile } from '../case-file.ts';
import { endOf, type JointPartRow } from './joint-case.ts';
import { advance, allEnded, nextPart, nextWhole, type PartEvent, type WholeState } from './joint-states.ts';
import type { Plan } from './plan.ts';

/** A joint case as it stands: its parts, and the cases that were opened for them, by conversation. */
export interface JointStanding {
  readonly state: WholeState;
  readonly rows: readonly JointPartRow[];
  readonly files: ReadonlyMap<string, CaseFile>;
  /** Whether its plan is in force: without it no further part begins. */
  readonly isAgreed: boolean;
  /** Whether it fell with one of its parts before. */
  readonly hasFallen?: boolean;
}

/** What has become of it: the whole, and every part that moved. */
export interface JointMove {
  readonly state: WholeState;
  readonly moved: readonly JointPartRow[];
  /** The part that takes the whole with it now. */
  readonly fallenBy?: string;
}

/** Moves a joint case to where the cases of its parts have brought it. Pure, so that it may be asked at any time. */
export function moveJoint(
  { parts, fallsWhole }: Pick<Plan, 'parts' | 'fallsWhole'>,
  standing: JointStanding,
): JointMove {
  const { state: before, files, isAgreed, hasFallen = false } = standing;
  const moved = new Map<string, JointPartRow>();
  const rows = new Map(standing.rows.map((row) => [row.part, row]));
  const move = (id: string, event: PartEvent, code = '') => {
    const row = rows.get(id)!;
    const next = { ...row, state: nextPart(row.state, event), code };
    rows.set(id, next);
    moved.set(id, next);
  };
  for (const { part, conversation, state } of standing.rows) {
    const file = files.get(conversation);
    const event = file && endOf(file);
    if (state === 'running' && event) move(part, event);
    else if (state === 'done' && event === 'fail') move(part, 'fail');
  }
  const fallenBy = fallsWhole && before === 'running' ? firstLost() : undefined;
  const state = fallenBy === undefined ? before : nextWhole(before, 'fall');
  for (const { part, conversation, state: partState } of [...rows.values()])
    if (state === 'withdrawing' && mayStillBeSkipped(partState, files.get(conversation))) move(part, 'skip');
    else if (!isAgreed && partState === 'waiting') move(part, 'skip', 'JOINT_INACTIVE');
  const { begin, skip } = advance(parts.map(({ id, after }) => ({ id, after, state: rows.get(id)!.state })));
  for (const id of skip) move(id, 'skip');
  for (const id of begin) move(id, 'begin');
  return { state: wholeAfter(), moved: [...moved.values()], ...(fallenBy !== undefined && { fallenBy }) };

  function firstLost(): string | undefined {
    return parts.find(({ id }) => rows.get(id)!.state === 'failed')?.id;
  }

  function wholeAfter(): WholeState {
    if (!allEnded([...rows.values()])) return state;
    const isWithdrawn = state === 'withdrawing' && !hasFallen && fallenBy === undefined;
    const isWorthless = [...rows.values()].every((row) => !isToBeHandedOver(files.get(row.conversation)));
    return nextWhole(state, isWithdrawn && isWorthless ? 'nothing-left' : 'all-ended');
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
