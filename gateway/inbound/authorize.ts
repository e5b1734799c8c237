import { CodedError, checkPayload, decode, type Mode, type PayloadName, payloadName } from '#proto';
import { type CompiledAgreement, needsAuthorization, opensUnder, type VerifiedEnvelope } from '#trust';
import type { Incoming } from '../peer/incoming.ts';
import type { Sql } from '../store/store.ts';
import type { Arrival } from './arrival.ts';

/** Questions and answers have their own way and no place in any order. */
const IN_CHECK: ReadonlySet<PayloadName> = new Set([
  'CertificateQuestion',
  'CertificateAnswer',
  'DataQuestion',
  'DataAnswer',
]);

/** Turns a verified envelope into an authorized one, or throws the code of its rejection or deferral. */
export type Authorize = (tx: Sql, envelope: VerifiedEnvelope, arrival: Arrival) => Promise<Incoming>;

/** Where a message stands: which item, which way, whose side is whose. */
export interface CaseContext {
  readonly item: string;
  /** Undefined outside cases. */
  readonly mode: Mode | undefined;
  readonly receiving: string;
  readonly handling: string;
}

/** The place of an open case, with the authorization that it began under. */
export interface OpenCaseContext extends CaseContext {
  readonly authorizationId: string;
}

export interface AuthorizeOptions {
  readonly region: string;
  /** The agreement that a header cites, if it may be cited now. */
  readonly agreementOf: (header: VerifiedEnvelope['header'], opening: boolean) => CompiledAgreement;
  /** The case of a conversation with a peer; undefined when there is none. */
  readonly caseOf: (tx: Sql, conversation: string, peer: string) => Promise<OpenCaseContext | undefined>;
  /** The inquiry of a conversation that we asked a peer; undefined when there is none. */
  readonly inquiryOf: (tx: Sql, conversation: string, peer: string) => Promise<OpenCaseContext | undefined>;
}

/**
 * Makes step 5 of receiving: the type is known, the payload is right, and the cited authorization permits it.
 *
 * Codes: UNKNOWN_TYPE, PAYLOAD_INVALID, AUTHORIZATION_*, ITEM_NOT_COVERED, MODE_NOT_COVERED, RIGHT_MISSING,
 * MATERIAL_GRADE, FIELD_NOT_ALLOWED, CASE_UNKNOWN, INQUIRY_UNKNOWN.
 */
export function authorizer(options: AuthorizeOptions): Authorize {
  return async (tx, envelope, { peer, receivedAt }) => {
    const name = payloadName(envelope.header.type);
    if (!name || IN_CHECK.has(name)) throw new CodedError('UNKNOWN_TYPE');
    const payload = readPayload(name, envelope.payload);
    const problems = checkPayload(name, payload);
    if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
    const incoming = { envelope, name, payload, peer, receivedAt };
    if (!needsAuthorization(name)) return { ...incoming, agreement: undefined };
    const opening = opensUnder(name);
    const agreement = options.agreementOf(envelope.header, opening);
    const context = opening
      ? openingContext(payload as { item: string; mode?: string }, peer.region, options.region)
      : await openCase(tx, envelope.header, name, options);
    agreement.judge({ ...context, name, payload, sender: peer.region, at: envelope.header.sentAt });
    return { ...incoming, agreement };
  };
}

/** The envelope is well formed and its receipt is owed: bytes that are no such message are a wrong payload. */
function readPayload(name: PayloadName, bytes: Buffer): object {
  try {
    return decode(name, bytes) as object;
  } catch (cause) {
    throw new CodedError('PAYLOAD_INVALID', `the payload is not a ${name}`, [], { cause });
  }
}

/** A case or an inquiry goes on under the authorization that it began with, and under no other. */
async function openCase(
  tx: Sql,
  { conversation, sender, authorizationId }: VerifiedEnvelope['header'],
  name: PayloadName,
  { caseOf, inquiryOf }: AuthorizeOptions,
): Promise<OpenCaseContext> {
  const isInquiry = name === 'InquiryAnswered';
  const context = await (isInquiry ? inquiryOf : caseOf)(tx, conversation, sender);
  if (!context) throw new CodedError(isInquiry ? 'INQUIRY_UNKNOWN' : 'CASE_UNKNOWN');
  if (authorizationId !== context.authorizationId) {
    throw new CodedError('AUTHORIZATION_INACTIVE', 'the case began under another authorization');
  }
  return context;
}

/** What opens something says itself what it is about: the sender took it in or asks, we are to handle it. */
function openingContext({ item, mode }: { item: string; mode?: string }, sender: string, us: string): CaseContext {
  return { item, mode: mode as Mode | undefined, receiving: sender, handling: us };
}
