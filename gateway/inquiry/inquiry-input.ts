import {
  answerMembers,
  both,
  CodedError,
  checkRegionCode,
  fields,
  type InquiryKind,
  identifier,
  inquiryByKind,
  inquiryMembers,
  integer,
  type messages,
  outcomeByKind,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { handlerRule, withWindow } from '../case/case-input.ts';
import type { Inquiry } from './inquiry.ts';

/** Working days for an answer where nobody asks for others. */
const DEFAULT_DAYS = 5;
const MAX_DAYS = 60;

/** What a window sends to ask another region. */
export interface QuestionInput {
  /** Region that is asked. */
  readonly region: string;
  readonly kind: InquiryKind;
  readonly item: string;
  readonly subject?: messages.InquirySubject;
  readonly question: string;
  readonly legalBasis: string;
  readonly replyWorkingDays: number;
  readonly handler: messages.Handler;
}

export interface AnswerInput {
  readonly outcome: string;
  readonly answer: string;
  readonly handler: messages.Handler;
}

export interface WithdrawalInput {
  readonly reason: string;
  readonly handler: messages.Handler;
}

const question: Rule = both(
  fields({ ...inquiryMembers, region: identifier(checkRegionCode), replyWorkingDays: integer(1, MAX_DAYS) }),
  inquiryByKind,
);
const withdrawal = fields({ reason: text(500), handler: handlerRule });

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function readQuestion(input: unknown): QuestionInput {
  return read(question, { item: '', legalBasis: '', replyWorkingDays: DEFAULT_DAYS, ...objectOf(input) });
}

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function readAnswer(kind: InquiryKind, input: unknown): AnswerInput {
  const outcome: Rule = (value, pointer, problems) =>
    outcomeByKind({ ...(value as AnswerInput), kind }, pointer, problems);
  return read(both(fields(answerMembers), outcome), objectOf(input));
}

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function readWithdrawal(input: unknown): WithdrawalInput {
  return read(withdrawal, objectOf(input));
}

/**
 * For a reason that outlives the inquiry: it must not say whom the inquiry is about.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function demandNamesNobody({ document: { subject } }: Inquiry, reason: string): void {
  // A name of one character is a part of too many other words.
  const names = subject ? [subject.name, subject.documentNumber] : [];
  if (!names.some((own) => own.length > 1 && reason.includes(own))) return;
  const message = 'must not name the subject: it is kept when the inquiry is erased';
  throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/reason', code: 'PERSONAL', message }]);
}

function read<T>(rule: Rule, given: Record<string, unknown>): T {
  const value = 'handler' in given ? { ...given, handler: withWindow(given.handler) } : given;
  const problems: Problem[] = [];
  rule(value, '', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return value as T;
}

function objectOf(input: unknown): Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : {};
}
