import { CodedError, fields, instant, oneOf, text, UUID } from '#proto';
import type { CaseDocument, CaseFile, KeptNote } from '../case-file.ts';
import { handlerRule } from '../case-input.ts';
import type { CaseLimit, LimitName } from '../limits/limit-names.ts';
import { endLimit } from '../limits/move-limits.ts';
import type { Role, State } from '../transitions.ts';
import type { NoteKind } from './note-kind.ts';

/** While the case is between the two regions, and afterwards: what was delivered may raise questions too. */
const SHARED: readonly State[] = [
  'previewing',
  'previewed',
  'transferred',
  'supplementing',
  'supplementing-accepted',
  'accepted',
  'special',
  'approved',
  'denied',
  'issued',
  'delivered',
  'rated',
  'revoked',
];

interface Question {
  readonly id: string;
  readonly replyBy: number;
}

const uuid = text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' });

/** P15: 协查确认 or 业务咨询, with the moment by which an answer is wanted. */
export const questionAsked: NoteKind = {
  label: { zh: '协查、咨询', en: 'asked the other region' },
  step: 'P15',
  by: ['receiving', 'handling'],
  from: SHARED,
  member: 'questionAsked',
  input: fields({
    handler: handlerRule,
    id: uuid,
    kind: oneOf('verification', 'consultation'),
    question: text(2000, { lines: true }),
    replyBy: instant,
  }),
  demand: ({ document }, content) => {
    const { id } = content as Question;
    if (questionOf(document, id)) throw new CodedError('ILLEGAL_TRANSITION', 'this question was asked already');
  },
  effect: (document, content, by, at) => ({
    limits: replyLimits(document, [...openQuestions(document, other(by)), content as Question], other(by), at),
  }),
};

/** P15: the answer, from the region that was asked. */
export const questionAnswered: NoteKind = {
  label: { zh: '答复协查、咨询', en: 'answered the other region' },
  step: 'P15',
  by: ['receiving', 'handling'],
  from: SHARED,
  member: 'questionAnswered',
  input: fields({ handler: handlerRule, id: uuid, answer: text(2000, { lines: true }) }),
  demand: demandOpen,
  effect: (document, content, by, at) => {
    const left = openQuestions(document, by).filter(({ id }) => id !== (content as Question).id);
    return { limits: replyLimits(document, left, by, at) };
  },
};

function demandOpen({ document }: CaseFile, content: object, by: Role): void {
  const { id } = content as Question;
  const asked = questionOf(document, id);
  if (!asked) throw new CodedError('ILLEGAL_TRANSITION', 'no question of the case has this id');
  if (asked.by === by) throw new CodedError('ILLEGAL_TRANSITION', 'the question is for the other region to answer');
  if (isAnswered(document, id)) throw new CodedError('ILLEGAL_TRANSITION', 'the question was answered already');
}

function questionOf(document: CaseDocument, id: string): KeptNote | undefined {
  return document.notes?.find((note) => note.kind === 'question-asked' && (note.data as Question).id === id);
}

function isAnswered(document: CaseDocument, id: string): boolean {
  return (document.notes ?? []).some((note) => note.kind === 'question-answered' && (note.data as Question).id === id);
}

/** Questions that one side has still to answer. */
function openQuestions(document: CaseDocument, by: Role): Question[] {
  return (document.notes ?? [])
    .filter((note) => note.kind === 'question-asked' && note.by !== by)
    .map(({ data }) => data as Question)
    .filter(({ id }) => !isAnswered(document, id));
}

/** The limit of the side that has to answer is that of its most urgent question. */
function replyLimits(document: CaseDocument, open: readonly Question[], by: Role, at: number): readonly CaseLimit[] {
  const name: LimitName = `reply-${by}`;
  const known = document.limits.find((limit) => limit.name === name);
  if (open.length === 0) return endLimit(document.limits, name, at);
  const dueAt = Math.min(...open.map(({ replyBy }) => replyBy));
  if (known?.state === 'running' && known.dueAt === dueAt) return document.limits;
  const limit: CaseLimit = { name, state: 'running', since: at, used: 0, dueAt };
  return [...document.limits.filter((other) => other !== known), limit];
}

function other(role: Role): Role {
  return role === 'receiving' ? 'handling' : 'receiving';
}
