import {
  boolean,
  both,
  fields,
  instant,
  list,
  oneOf,
  optional,
  optionalText,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';
import { CREDIT_RESULTS } from '../credit.ts';
import { SEAL_LIMITS } from '../seal.ts';
import { LOCKER_STATES } from './locker.ts';
import { PARCEL_STATES } from './parcels.ts';

/** Most findings of one answer. */
const MAX_FINDINGS = 500;
/** Most seals of one list. */
const MAX_SEALS = 1_000;
/** Characters of a sealed document in base64, with a break after every line of it. */
const MAX_DOCUMENT = Math.ceil(((SEAL_LIMITS.documentBytes + SEAL_LIMITS.addedBytes) * 3) / 2);

/** What an answer in our own words must be, by the question. */
const ANSWER_RULES = {
  'parcel-question': findings(fields({ state: oneOf(...PARCEL_STATES), at: instant })),
  'locker-question': findings(fields({ state: oneOf(...LOCKER_STATES), at: instant })),
  'data-question': fields({
    found: boolean,
    fields: optional(record(text(64), optionalText(4000, { lines: true }), 50)),
  }),
  'credit-question': fields({
    result: oneOf(...CREDIT_RESULTS),
    code: optional(optionalText(64, { pattern: /^[\w.-]+$/, hint: 'must be a code: letters, digits, . _ -' })),
  }),
  'seal-request': both(
    fields({ document: optional(text(MAX_DOCUMENT, { lines: true })), file: optional(text(2048)) }),
    oneOfBoth,
  ),
  'seal-list': fields({ seals: list(text(128), MAX_SEALS) }),
} as const satisfies Readonly<Record<string, Rule>>;

/** A question to a platform. */
export type ServiceQuestion = keyof typeof ANSWER_RULES;

/** Whether a record is what a platform answered to a question (`{ call, request, answer }`). */
export function isServiceAnswer(record: unknown): record is { readonly call: ServiceQuestion } {
  const call = (record as { readonly call?: unknown } | null | undefined)?.call;
  return typeof call === 'string' && Object.hasOwn(ANSWER_RULES, call);
}

/** What is wrong with an answer in our own words, by pointer within it. Says nothing of what was answered. */
export function answerProblems(answer: unknown, call: ServiceQuestion): Problem[] {
  const problems: Problem[] = [];
  ANSWER_RULES[call](answer, '', problems);
  return problems;
}

/** A sealed document stands in the answer, or the answer says where it is. */
function oneOfBoth(answer: unknown, pointer: string, problems: Problem[]): void {
  const { document, file } = answer as { readonly document?: string | null; readonly file?: string | null };
  if (!document === !file)
    problems.push({ pointer: `${pointer}/document`, code: 'REQUIRED', message: 'is required, or else file' });
}

/** A list as `findings`; what stands beside it is for later versions. */
function findings(rule: Rule): Rule {
  const all = list(rule, MAX_FINDINGS);
  return (answer, pointer, problems) => {
    const found = (answer as { readonly findings?: unknown } | null | undefined)?.findings;
    all(found, `${pointer}/findings`, problems);
  };
}
