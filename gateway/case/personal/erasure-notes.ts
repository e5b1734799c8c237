import { CodedError, ERASURE_GROUNDS, type ErasureGround, fields, instant, oneOf, text } from '#proto';
import type { CaseFile, KeptNote } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import type { NoteKind } from '../notes/note-kind.ts';
import { type Role, STATES, type State } from '../transitions.ts';

const ALL = Object.keys(STATES) as State[];
const BOTH: readonly Role[] = ['receiving', 'handling'];
const reason = text(500);

/** States in which the department has decided: what it decided upon cannot be undone as if it had never come. */
const DECIDED: ReadonlySet<State> = new Set<State>([
  'approved',
  'denied',
  'issued',
  'delivered',
  'rated',
  'refused',
  'revoked',
]);

/** 删除请求: a region erases the case and asks the other one to do the same. */
export const erasureRequested: NoteKind = {
  label: { zh: '请求删除个人信息', en: 'asked the other region to erase the case' },
  step: 'P1',
  by: BOTH,
  from: ALL,
  isReserved: true,
  member: 'erasureRequested',
  input: fields({ handler: handlerRule, ground: oneOf(...ERASURE_GROUNDS), reason }),
  demand: demandUndecided,
};

/** 删除确认: a region has nothing personal of the case any more. */
export const erasureDone: NoteKind = {
  label: { zh: '已删除个人信息', en: 'erased what is personal in the case' },
  step: 'P1',
  by: BOTH,
  from: ALL,
  isReserved: true,
  member: 'erasureDone',
  input: fields({ handler: handlerRule, ground: oneOf(...ERASURE_GROUNDS), erasedAt: instant }),
};

/** 暂停删除: the case is needed in court, an inspection or a complaint. Stays in our region. */
export const holdSet: NoteKind = {
  label: { zh: '暂停删除', en: 'erasure put on hold' },
  step: 'P1',
  by: BOTH,
  from: ALL,
  isReserved: true,
  input: fields({ handler: handlerRule, reason }),
};

export const holdLifted: NoteKind = {
  label: { zh: '解除暂停删除', en: 'hold lifted' },
  step: 'P1',
  by: BOTH,
  from: ALL,
  isReserved: true,
  input: fields({ handler: handlerRule, reason }),
};

/** The notes about erasure, which outlive it. */
export const ERASURE_NOTES = {
  'erasure-requested': erasureRequested,
  'erasure-done': erasureDone,
  'hold-set': holdSet,
  'hold-lifted': holdLifted,
} as const;

/** Whether the case must not be erased (legal hold). */
export function isHeld({ document }: Pick<CaseFile, 'document'>): boolean {
  return document.notes?.findLast(({ kind }) => kind === 'hold-set' || kind === 'hold-lifted')?.kind === 'hold-set';
}

/** The newest request of the other region that it did not take back by being refused. */
export function requestOf({ document, role }: Pick<CaseFile, 'document' | 'role'>): KeptNote | undefined {
  return document.notes?.findLast(({ kind, by }) => kind === 'erasure-requested' && by !== role);
}

/**
 * 误发撤回 is for the region that sent it, and only while nothing was decided. Where it is heard, the withdrawal that went
 * before it must have been accepted: nothing can be decided after that.
 */
function demandUndecided({ state, role }: CaseFile, content: object, by: Role): void {
  const { ground } = content as { ground: ErasureGround };
  if (ground !== 'sent-by-mistake') return;
  if (by !== 'receiving')
    throw new CodedError('ILLEGAL_TRANSITION', 'only the region that sent the case can recall it (误发撤回)');
  const isOver = state === 'withdrawn' || state === 'sent-back';
  if (DECIDED.has(state) || (by !== role && !isOver))
    throw new CodedError('ILLEGAL_TRANSITION', `the case is "${state}" already: it cannot be recalled`);
}
