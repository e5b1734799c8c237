import { caseNote, materialOpinion } from './case-note-rules.ts';
import { commitment, handler, material, REVOCATION_GROUNDS } from './case-parts.ts';
import {
  verifyCertificateIdentifier as checkCertificateIdentifier,
  checkIdentityDocument,
  checkItemCode,
  checkMobileNumber,
  type IdentityDocumentType,
  identityDocumentTypes,
} from './identifiers/index.ts';
import { legalBasis } from './legal-basis.ts';
import {
  add,
  boolean,
  both,
  bytes,
  fields,
  identifier,
  instant,
  integer,
  list,
  oneOf,
  optional,
  optionalText,
  record,
  text,
} from './rules.ts';

/** Rules of the messages of a case (办件). */

export const MODES = ['online', 'agency', 'joint', 'direct'] as const;
/** One of the four ways of cross-region service (通办模式). */
export type Mode = (typeof MODES)[number];

const notice = text(64);
const remark = text(2000, { lines: true });

const applicant = both(
  fields({
    kind: oneOf('person', 'legal-person'),
    name: text(200),
    documentType: oneOf(...identityDocumentTypes),
    documentNumber: text(40),
    mobile: identifier(checkMobileNumber, { optional: true }),
    address: optionalText(300),
  }),
  (value, pointer, problems) => {
    const { documentType, documentNumber } = value as { documentType: IdentityDocumentType; documentNumber: string };
    const result = checkIdentityDocument(documentType, documentNumber);
    if (!result.ok) add(problems, `${pointer}/documentNumber`, 'IDENTIFIER', result.reason);
  },
);

/** P2 核验方式: whether the window saw the applicant in person or by video. */
export const IDENTITY_CHECK_WAYS = ['on-site', 'remote-video'] as const;

/** Who compared person and document, when and how. Nobody is seen by video without saying who saw him. */
const identityCheck = both(
  fields({
    matched: boolean,
    checkedAt: instant,
    device: optionalText(100),
    way: oneOf('', ...IDENTITY_CHECK_WAYS),
    checkedBy: optional(handler),
  }),
  (value, pointer, problems) => {
    const { way, checkedBy } = value as { way: string; checkedBy: unknown };
    if (way === 'remote-video' && !checkedBy) add(problems, `${pointer}/checkedBy`, 'REQUIRED', 'is required');
  },
);

const form = record(
  text(64, { pattern: /^[\p{L}\p{N}_.-]+$/u, hint: 'must be a field name' }),
  optionalText(4000, { lines: true }),
  200,
);

/** What opens a case at the other region: the applicant, what he fills in and what he hands in. */
const application = {
  item: identifier(checkItemCode),
  itemDigest: bytes(32, { optional: true }),
  mode: oneOf(...MODES),
  caseNumber: text(64),
  applicant,
  form,
  materials: list(material, 100),
  queryCode: optionalText(20, { pattern: /^[2-9A-HJ-NP-Z]+$/, hint: 'must be a query code' }),
  legalBasis: optional(legalBasis),
};

export const casePayloads = {
  PreviewRequested: fields({ ...application, handler }),
  PreviewGiven: fields({
    opinions: list(materialOpinion, 100),
    summary: remark,
    givenAt: instant,
    handler,
  }),
  CaseTransfer: fields({
    ...application,
    identityCheck: optional(identityCheck),
    receiptNotice: notice,
    receivedAt: instant,
    handler,
    joint: optional(
      fields({
        agreementId: text(36, { min: 36, pattern: /^[0-9a-f-]+$/, hint: 'must be the id of a joint agreement' }),
        part: text(32, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be the id of a part' }),
        jointNumber: text(64),
      }),
    ),
    bundleNumber: optionalText(64),
  }),
  CaseAccepted: fields({
    caseNumber: text(64),
    notice,
    handler,
    promisedWorkingDays: integer(0, 1000),
    commitment: optional(commitment),
    deemed: boolean,
  }),
  CaseRefused: fields({ notice, reason: remark, legalBasis: remark, handler }),
  CaseReturned: fields({ reason: remark, handler }),
  SupplementRequested: fields({
    notice,
    items: list(fields({ material: text(200), reason: text(500), legalBasis: optionalText(500) }), 100, 1),
    deadline: instant,
    way: text(200),
    handler,
  }),
  SupplementSubmitted: fields({ materials: list(material, 100, 1), handler }),
  SpecialProcedureStarted: fields({
    kind: oneOf('joint-review', 'site-inspection', 'acceptance-test', 'hearing', 'expert-review'),
    reason: text(500),
    startedAt: instant,
    handler,
  }),
  SpecialProcedureEnded: fields({
    kind: oneOf('joint-review', 'site-inspection', 'acceptance-test', 'hearing', 'expert-review'),
    result: text(500),
    endedAt: instant,
    handler,
  }),
  CaseDecided: fields({ decision: oneOf('approved', 'denied'), explanation: remark, decidedAt: instant, handler }),
  ResultIssued: fields({
    certificate: text(256 * 1024),
    certificateIdentifier: identifier(checkCertificateIdentifier),
    typeName: text(100),
    handler,
  }),
  ResultDelivered: fields({ way: oneOf('window', 'post', 'online', 'locker'), deliveredAt: instant, handler }),
  ResultRevoked: fields({
    ground: oneOf(...REVOCATION_GROUNDS),
    reason: text(500),
    legalBasis: remark,
    revokedAt: instant,
    handler,
  }),
  CaseRated: fields({ score: integer(1, 5), comment: optionalText(1000, { lines: true }), ratedAt: instant }),
  WithdrawalRequested: fields({ reason: text(500), handler }),
  DirectOutcome: fields({
    item: identifier(checkItemCode),
    mode: oneOf('direct'),
    caseNumber: text(64),
    applicant: fields({
      kind: oneOf('person', 'legal-person'),
      name: optionalText(200),
      documentType: oneOf(...identityDocumentTypes),
      documentNumber: optionalText(40),
      mobile: identifier(checkMobileNumber, { optional: true }),
      address: optionalText(300),
    }),
    decision: oneOf('approved', 'denied'),
    certificateIdentifier: identifier(checkCertificateIdentifier, { optional: true }),
    decidedAt: instant,
    handler,
  }),
  CaseNote: caseNote,
} as const;
