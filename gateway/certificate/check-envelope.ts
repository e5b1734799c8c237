import { CodedError, checkPayload, decode, type messages, payloadName, typeName } from '#proto';
import {
  type Clock,
  type FixedEnvelope,
  fixEnvelope,
  type SealedRoot,
  type Signer,
  sealEnvelopes,
  sealOf,
  type VerifiedEnvelope,
} from '#trust';
import { encodePayload } from '../outbound/outbox.ts';
import { type Answer, type AnswerName, QUESTION_NAMES, type Question, type QuestionName } from './check-messages.ts';

/** Milliseconds that a question or an answer may be under way. */
const LIFETIME_MS = 5 * 60 * 1000;

export interface CheckSealer {
  readonly region: string;
  readonly clock: Clock;
  /** The region's signing key that a peer knows. */
  readonly signerFor: (peer: string) => Signer;
  /** UUIDv7 source. */
  readonly newId: () => string;
}

/** What the header says besides us and the time. */
export interface CheckAddress {
  readonly peer: string;
  readonly conversation: string;
  readonly authorization: { readonly id: string; readonly digest: Buffer };
  /** Id of the question, in an answer. */
  readonly inReplyTo?: string;
}

/** A question or an answer whose bytes are fixed. */
export interface WrittenCheck extends FixedEnvelope {
  readonly id: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/** A question whose seal was verified and whose payload obeys the rules. */
export type ReadQuestion = Question & { readonly header: VerifiedEnvelope['header'] };
type ReadAnswer = Answer & { readonly header: VerifiedEnvelope['header'] };

/**
 * Writes a question or an answer. It has no place in any order: its sequence is 0.
 *
 * @throws CodedError PAYLOAD_INVALID with every wrong field, MESSAGE_TOO_LARGE
 */
export function writeCheck(
  { region, clock, signerFor, newId }: CheckSealer,
  address: CheckAddress,
  { name, payload }: Question | Answer,
): WrittenCheck {
  const now = clock.now();
  const id = newId();
  const expiresAt = now + LIFETIME_MS;
  const fixed = fixEnvelope(
    {
      id,
      type: typeName(name),
      sender: region,
      recipient: address.peer,
      conversation: address.conversation,
      sequence: 0,
      sentAt: now,
      expiresAt,
      authorizationId: address.authorization.id,
      authorizationDigest: address.authorization.digest,
      inReplyTo: address.inReplyTo ?? '',
      suite: signerFor(address.peer).suite,
    },
    encodePayload(name, payload),
  );
  return { ...fixed, id, expiresAt };
}

/** Seals what is written: one signature for all. */
export function sealChecks(
  { region, clock, signerFor }: CheckSealer,
  peer: string,
  leaves: readonly Buffer[],
): Promise<SealedRoot> {
  return sealEnvelopes(signerFor(peer), region, leaves, clock.now());
}

/** The envelope of what travels alone, with a seal of its own. */
export async function sealAlone(
  sealer: CheckSealer,
  peer: string,
  { header, payload, payloadSalt, leaf }: FixedEnvelope,
): Promise<messages.Envelope> {
  const root = await sealChecks(sealer, peer, [leaf]);
  return { header, payload, payloadSalt, seal: sealOf(root, 0, sealer.signerFor(peer).suite) };
}

/** The envelope of what travels in a group. */
export function withoutSeal({ header, payload, payloadSalt }: Omit<messages.Envelope, 'seal'>): messages.Envelope {
  return { header, payload, payloadSalt, seal: null };
}

/**
 * Reads the question of a verified envelope.
 *
 * @throws CodedError UNKNOWN_TYPE, PROTOCOL_VIOLATION, MALFORMED, PAYLOAD_INVALID
 */
export function readQuestion(envelope: VerifiedEnvelope): ReadQuestion {
  const name = payloadName(envelope.header.type) as QuestionName | undefined;
  if (!name || !QUESTION_NAMES.includes(name)) throw new CodedError('UNKNOWN_TYPE');
  return readPayload(envelope, name, '') as ReadQuestion;
}

/**
 * Reads the answer of a verified envelope.
 *
 * @param inReplyTo id of the question
 * @throws CodedError UNKNOWN_TYPE, PROTOCOL_VIOLATION, MALFORMED, PAYLOAD_INVALID
 */
export function readAnswer(envelope: VerifiedEnvelope, name: AnswerName, inReplyTo: string): ReadAnswer {
  if (envelope.header.type !== typeName(name)) throw new CodedError('UNKNOWN_TYPE');
  return readPayload(envelope, name, inReplyTo) as ReadAnswer;
}

function readPayload({ header, payload: bytes }: VerifiedEnvelope, name: QuestionName | AnswerName, inReplyTo: string) {
  if (header.sequence !== 0) throw new CodedError('PROTOCOL_VIOLATION', 'a check has no place in a sequence');
  if (header.inReplyTo !== inReplyTo)
    throw new CodedError('PROTOCOL_VIOLATION', 'the envelope answers another one than was sent');
  const payload = decode(name, bytes);
  const problems = checkPayload(name, payload);
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
  return { header, name, payload };
}
