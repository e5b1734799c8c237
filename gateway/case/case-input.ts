import {
  absentOr,
  boolean,
  both,
  CodedError,
  checkItemCode,
  checkPayload,
  checkRegionCode,
  committedMaterials,
  fields,
  IDENTITY_CHECK_WAYS,
  identifier,
  instant,
  integer,
  legalBasis,
  list,
  MODES,
  type Mode,
  materialOpinion,
  type messages,
  oneOf,
  optional,
  optionalText,
  type Problem,
  REVOCATION_GROUNDS,
  type Rule,
  text,
} from '#proto';
import type { Applicant } from './case-file.ts';
import type { LegalBasis } from './personal/legal-basis.ts';
import type { Event } from './transitions.ts';

/** What a window sends to open a case. */
export interface CaseInput {
  /** Handling region. */
  readonly handlingRegion: string;
  readonly item: string;
  readonly mode: Mode;
  readonly applicant: Applicant;
  readonly form: Readonly<Record<string, string>>;
  readonly handler: messages.Handler;
  readonly identityCheck?: messages.IdentityCheck;
  /** 告知同意等合法性基础; the duty that the item names when left out. */
  readonly legalBasis?: LegalBasis;
}

/** Who acts (经办). */
export const handlerRule = fields({ organisation: text(100), window: optionalText(50), staff: text(50) });
const handler = handlerRule;
const remark = text(2000, { lines: true });
const materialNames = list(fields({ material: text(200), reason: text(500), legalBasis: optionalText(500) }), 100, 1);
const opinions = list(materialOpinion, 100);

/** P7a 特别程序的种类: joint review, site inspection, acceptance test, hearing, expert review. */
export const SPECIAL_KINDS = [
  'joint-review',
  'site-inspection',
  'acceptance-test',
  'hearing',
  'expert-review',
] as const;
export type SpecialKind = (typeof SPECIAL_KINDS)[number];
const specialKind = oneOf(...SPECIAL_KINDS);

const anything: Rule = () => {};

/** What the applicant signed (告知承诺), and why it does not matter that nobody knows his credit. */
const acceptance = both(
  fields({
    handler,
    commitment: absentOr(
      fields({
        materials: committedMaterials,
        text: remark,
        signedAt: instant,
        document: optionalText(64, { pattern: /^[0-9a-f]{64}$/, hint: 'must be the SHA-256 of a material in hex' }),
      }),
    ),
    creditWaived: absentOr(text(500)),
  }),
  (value, pointer, problems) => {
    const { commitment, creditWaived } = value as { commitment?: unknown; creditWaived?: unknown };
    const message = 'only an acceptance against a commitment asks about credit';
    if (creditWaived !== undefined && commitment === undefined)
      problems.push({ pointer: `${pointer}/creditWaived`, code: 'CONFLICT', message });
  },
);

const CASE_INPUT = fields({
  handlingRegion: identifier(checkRegionCode),
  item: identifier(checkItemCode),
  mode: oneOf(...MODES),
  applicant: anything,
  form: anything,
  handler,
  identityCheck: optional(
    fields({
      matched: boolean,
      checkedAt: instant,
      device: optionalText(100),
      way: absentOr(oneOf(...IDENTITY_CHECK_WAYS)),
      checkedBy: optional(handler),
    }),
  ),
  legalBasis: optional(legalBasis),
});

/** What each act takes, beside who does it. Times and numbers that the gateway knows itself are not asked for. */
export const ACT_INPUTS: Readonly<Record<Event, Rule>> = {
  'request-preview': fields({ handler }),
  'give-preview': fields({ handler, opinions, summary: remark }),
  'one-time-notice': fields({ handler, items: materialNames }),
  retake: fields({ handler }),
  receive: fields({ handler }),
  transfer: fields({ handler }),
  accept: acceptance,
  refuse: fields({ handler, reason: remark, legalBasis: remark }),
  return: fields({ handler, reason: remark }),
  'request-supplement': fields({ handler, items: materialNames, deadline: instant, way: text(200) }),
  'submit-supplement': fields({ handler }),
  'start-special': fields({ handler, kind: specialKind, reason: text(500) }),
  'end-special': fields({ handler, result: text(500) }),
  approve: fields({ handler, explanation: remark }),
  deny: fields({ handler, explanation: remark }),
  issue: fields({
    handler,
    authority: fields({ name: text(100), code: text(18) }),
    validFrom: optional(instant),
    validUntil: optional(instant),
    number: optional(text(100)),
    fields: judgedByType,
    replaces: optional(text(200)),
  }),
  revoke: fields({ handler, ground: oneOf(...REVOCATION_GROUNDS), reason: text(500), legalBasis: remark }),
  deliver: fields({ handler, way: oneOf('window', 'post', 'online', 'locker') }),
  rate: fields({ score: integer(1, 5), comment: optionalText(1000, { lines: true }) }),
  withdraw: fields({ handler, reason: text(500) }),
};

/** What a certificate shows is held against the definition of its type when it is issued. */
function judgedByType(): void {}

/**
 * Holds an input against its rule.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function demandInput<T>(rule: Rule, input: unknown): T {
  const problems: Problem[] = [];
  rule(input, '', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', `${problems.length} fields are wrong`, problems);
  return input as T;
}

/** What a transfer has beside the input; good in every case, so that it adds no problem. */
const NOT_IN_INPUT = {
  itemDigest: Buffer.alloc(0),
  caseNumber: '-',
  materials: [],
  queryCode: '',
  identityCheck: null,
  receiptNotice: '-',
  receivedAt: 1_800_000_000_000,
};

/** Applicant and form are held against the rules of the message, so that both sides judge alike. */
const caseInput: Rule = (value, pointer, problems) => {
  CASE_INPUT(value, pointer, problems);
  const { item, mode, applicant, form, handler } = value as CaseInput;
  const transfer = { ...NOT_IN_INPUT, item, mode, applicant, form, handler };
  problems.push(
    ...checkPayload('CaseTransfer', transfer).filter((problem) => /^\/(?:applicant|form)/.test(problem.pointer)),
  );
};

/**
 * Reads what a window sends to open a case; missing optional parts become empty.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function readCaseInput(input: unknown): CaseInput {
  const given = isObject(input) ? input : {};
  const applicant = isObject(given.applicant) ? { mobile: '', address: '', ...given.applicant } : given.applicant;
  const identityCheck = withChecker(given.identityCheck);
  const completed = { form: {}, ...given, applicant, handler: withWindow(given.handler), identityCheck };
  const { identityCheck: check, ...read } = demandInput<CaseInput>(caseInput, completed);
  // Whoever takes the case in has seen the applicant, in person, unless it is said otherwise.
  return check
    ? { ...read, identityCheck: { ...check, way: check.way ?? 'on-site', checkedBy: check.checkedBy ?? read.handler } }
    : read;
}

function withChecker(check: unknown): unknown {
  return isObject(check) && 'checkedBy' in check ? { ...check, checkedBy: withWindow(check.checkedBy) } : check;
}

/** Reads the input of an act. */
export function readActInput<T>(event: Event, input: unknown): T {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const completed = 'handler' in given ? { ...given, handler: withWindow(given.handler) } : given;
  const withItems = Array.isArray(given.items)
    ? { ...completed, items: given.items.map((item) => ({ legalBasis: '', ...(item as object) })) }
    : completed;
  const withOpinions = Array.isArray(given.opinions)
    ? { ...withItems, opinions: given.opinions.map((opinion) => ({ reason: '', ...(opinion as object) })) }
    : withItems;
  const withCommitment = isObject(given.commitment)
    ? { ...withOpinions, commitment: { document: '', ...given.commitment } }
    : withOpinions;
  return demandInput<T>(ACT_INPUTS[event], event === 'rate' ? { comment: '', ...withCommitment } : withCommitment);
}

/** A handler without a window stands at none. */
export function withWindow(handler: unknown): unknown {
  return isObject(handler) ? { window: '', ...handler } : handler;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
