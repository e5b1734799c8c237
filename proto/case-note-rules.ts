import { handler, material, PAPER_KINDS } from './case-parts.ts';
import { checkSocialCreditCode } from './identifiers/index.ts';
import { ERASURE_GROUNDS } from './legal-basis.ts';
import { LIMITS } from './limits.ts';
import {
  add,
  boolean,
  bytes,
  fields,
  identifier,
  instant,
  integer,
  list,
  oneOf,
  optionalText,
  type Rule,
  text,
} from './rules.ts';

/** What is thought of one material (材料审查意见). */
export const materialOpinion = fields({
  material: text(200),
  verdict: oneOf('good', 'wrong', 'unclear'),
  reason: optionalText(500),
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const blank = text(50, { pattern: /^[\w-]+$/, hint: 'must be the number of a blank form: letters, digits, _ -' });

/**
 * Rules of what is noted beside the course of a case (随件事项). The closed list of kinds: the names of the members of
 * `CaseNote.note`.
 */
export const noteRules = {
  paperSent: fields({
    carrier: text(50),
    trackingNumber: text(50, { pattern: /^[\w-]+$/, hint: 'must be the number of a parcel: letters, digits, _ -' }),
    parcels: list(fields({ material: text(200), copies: integer(1, 1000) }), 100, 1),
    sentAt: instant,
  }),
  paperSignedIn: fields({
    trackingNumber: text(50),
    parcels: list(fields({ material: text(200), isComplete: boolean, remark: optionalText(500) }), 100, 1),
    signedInAt: instant,
  }),
  materialsReviewed: fields({ opinions: list(materialOpinion, 100, 1) }),
  passedOn: fields({
    department: text(100),
    departmentCode: identifier(checkSocialCreditCode, { optional: true }),
    reason: text(500),
  }),
  questionAsked: fields({
    id: text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' }),
    kind: oneOf('verification', 'consultation'),
    question: text(2000, { lines: true }),
    replyBy: instant,
  }),
  questionAnswered: fields({
    id: text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' }),
    answer: text(2000, { lines: true }),
  }),
  deliveryConfirmed: fields({ receivedBy: oneOf('applicant', 'agent'), receivedAt: instant }),
  ratingAnswered: fields({ answer: text(1000, { lines: true }) }),
  complaintLinked: fields({ number: text(50), channel: text(50) }),
  followedUp: fields({ satisfied: boolean, remark: optionalText(1000, { lines: true }) }),
  restHandedIn: fields({ materials: list(material, 100, 1) }),
  paperIssued: fields({
    kind: oneOf(...PAPER_KINDS),
    number: text(64),
    digest: bytes(32),
    size: integer(1, LIMITS.frameBytes),
    mediaType: oneOf('application/pdf'),
    issuedAt: instant,
  }),
  certificatePrinted: fields({ blankNumber: blank, spoiledNumber: optionalText(50), reason: optionalText(500) }),
  erasureRequested: fields({ ground: oneOf(...ERASURE_GROUNDS), reason: text(500) }),
  erasureDone: fields({ ground: oneOf(...ERASURE_GROUNDS), erasedAt: instant }),
} as const satisfies Record<string, Rule>;

/** Name of the member of `CaseNote.note` that a note fills. */
export type NoteMember = keyof typeof noteRules;

const absent: Rule = (value, pointer, problems) => {
  if (value !== undefined && value !== null) add(problems, pointer, 'CONFLICT', 'a note is of one kind only');
};

/** A note says who noted what and when, and is of exactly one kind. */
export const caseNote: Rule = (value, pointer, problems) => {
  const kinds = Object.fromEntries(Object.keys(noteRules).map((name) => [name, absent]));
  const { note, ...members } = (value ?? {}) as Record<string, unknown>;
  if (typeof note !== 'string' || !Object.hasOwn(noteRules, note))
    return add(problems, `${pointer}/note`, 'NOT_IN_LIST', 'is of a kind that this gateway does not know');
  fields({ handler, notedAt: instant, ...kinds, [note]: noteRules[note as NoteMember] })(members, pointer, problems);
};
