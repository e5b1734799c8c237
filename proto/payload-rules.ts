import { casePayloads } from './case-rules.ts';
import type { MessageName } from './codec.ts';
import { PACKAGE } from './codec.ts';
import { dataAnswer, dataQuestion, knownOrNewer, MAX_ANSWER_SECONDS } from './data-rules.ts';
import type { Problem } from './error-codes.ts';
import {
  verifyCertificateIdentifier as checkCertificateIdentifier,
  checkCertificateReference,
  checkItemCode,
} from './identifiers/index.ts';
import { inquiryPayloads } from './inquiry-rules.ts';
import { catalogue } from './item-rules.ts';
import { LIMITS } from './limits.ts';
import { certificateNotice } from './notice-rules.ts';
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
  optionalText,
  type Rule,
  record,
  text,
} from './rules.ts';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const uuid = text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' });
const digest = bytes(32);
/** Whom to call about an agreement (联系人): at most 20, each with a telephone number or an address. */
export const contactList = list(
  both(
    fields({
      name: text(50),
      role: optionalText(50),
      phone: optionalText(30, { pattern: /^[+\d][\d -]*$/, hint: 'must be a telephone number' }),
      email: optionalText(100, { pattern: /^[^\s@]+@[^\s@]+$/, hint: 'must be an e-mail address' }),
    }),
    (value, pointer, problems) => {
      const { phone, email } = value as { phone: string; email: string };
      if (phone === '' && email === '') add(problems, `${pointer}/phone`, 'REQUIRED', 'needs a telephone or an e-mail');
    },
  ),
  20,
);
const statements = list(text(LIMITS.jwsBytes), LIMITS.jointParties, 3);

/** What a receiver demands of every payload type. The closed list of types that may be in an envelope. */
const PAYLOADS = {
  Ping: fields({ note: optionalText(200) }),
  Skip: fields({ expiredEnvelopeId: uuid }),
  StatementPublished: fields({ statement: text(LIMITS.jwsBytes) }),
  AuthorizationProposal: fields({
    document: text(512 * 1024),
    lists: list(fields({ items: list(identifier(checkItemCode), 2000, 1) }), 50),
  }),
  AuthorizationAcceptance: fields({ document: text(512 * 1024) }),
  AuthorizationSuspension: fields({
    authorizationId: uuid,
    authorizationDigest: digest,
    reason: text(500),
    suspendedAt: instant,
  }),
  AuthorizationResumption: fields({
    authorizationId: uuid,
    authorizationDigest: digest,
    reason: text(500),
    resumedAt: instant,
  }),
  AuthorizationRevocation: fields({
    authorizationId: uuid,
    authorizationDigest: digest,
    reason: text(500),
    forCause: boolean,
    revokedAt: instant,
  }),
  AuthorizationContacts: fields({
    authorizationId: uuid,
    authorizationDigest: digest,
    contacts: contactList,
    changedAt: instant,
  }),
  JointProposal: fields({ document: text(LIMITS.jointBytes), statements }),
  JointSignature: fields({
    agreementId: uuid,
    agreementDigest: digest,
    protected: text(500),
    signature: text(200),
  }),
  JointConclusion: fields({ document: text(LIMITS.jointBytes), statements }),
  JointEnding: fields({ ending: text(LIMITS.jwsBytes), statement: text(LIMITS.jwsBytes) }),
  EntrustmentPublished: fields({
    chain: list(text(LIMITS.jwsBytes), LIMITS.entrustmentLinks, 1),
    authorizationId: optionalText(36, { pattern: UUID, hint: 'must be a lower-case UUID' }),
  }),
  EntrustmentRevoked: fields({ revocation: text(LIMITS.jwsBytes) }),
  CataloguePublished: catalogue,
  CertificateQuestion: both(
    fields({
      identifier: identifier(checkCertificateIdentifier, { optional: true }),
      digest: bytes(32, { optional: true }),
      fields: list(text(64), 50),
      purpose: text(200),
      reference: identifier(checkCertificateReference, { optional: true }),
    }),
    oneSubject,
  ),
  CertificateAnswer: both(
    fields({
      identifier: identifier(checkCertificateIdentifier, { optional: true }),
      status: knownOrNewer(
        'CERTIFICATE_STATUS_VALID',
        'CERTIFICATE_STATUS_EXPIRED',
        'CERTIFICATE_STATUS_SUSPENDED',
        'CERTIFICATE_STATUS_CANCELLED',
        'CERTIFICATE_STATUS_REVOKED',
        'CERTIFICATE_STATUS_WITHDRAWN',
        'CERTIFICATE_STATUS_UNKNOWN',
      ),
      answeredAt: instant,
      fields: record(text(64), optionalText(4000, { lines: true }), 50),
      reference: identifier(checkCertificateReference, { optional: true }),
      validForSeconds: integer(0, MAX_ANSWER_SECONDS),
    }),
    oneSubject,
  ),
  CertificateNotice: certificateNotice,
  DataQuestion: dataQuestion,
  DataAnswer: dataAnswer,
  ...casePayloads,
  ...inquiryPayloads,
} as const satisfies Partial<Record<MessageName, Rule>>;

/** Short name of a message that may be the payload of an envelope. */
export type PayloadName = keyof typeof PAYLOADS;

export const PAYLOAD_NAMES = Object.keys(PAYLOADS) as readonly PayloadName[];

/** Finds the payload that a header's type names; undefined when it is not in the closed list. */
export function payloadName(type: string): PayloadName | undefined {
  const prefix = `${PACKAGE}.`;
  const name = type.startsWith(prefix) ? type.slice(prefix.length) : '';
  return Object.hasOwn(PAYLOADS, name) ? (name as PayloadName) : undefined;
}

/** A certificate is asked about by its identifier or by its reference. */
function oneSubject(value: unknown, pointer: string, problems: Problem[]): void {
  const { identifier: named, reference } = value as { identifier: string; reference: string };
  if (named === '' && reference === '') add(problems, `${pointer}/identifier`, 'REQUIRED', 'is required');
  if (named !== '' && reference !== '')
    add(problems, `${pointer}/reference`, 'CONFLICT', 'must be absent where the identifier is given');
}

/** Every wrong field of a payload, with its pointer; empty when all is right. */
export function checkPayload(name: PayloadName, payload: object): Problem[] {
  const problems: Problem[] = [];
  PAYLOADS[name](payload, '', problems);
  return problems;
}
