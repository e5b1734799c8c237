import { CodedError, checkPayload, decode, type messages, typeName } from '#proto';
import {
  type ArrivedEnvelope,
  type Clock,
  fixEnvelope,
  openSealed,
  type RegionStatement,
  type Signer,
  sealEnvelopes,
  sealOf,
  type VerifiedEnvelope,
} from '#trust';
import { encodePayload } from '../outbound/outbox.ts';

/** Milliseconds that a question or an answer may be under way. */
const LIFETIME_MS = 5 * 60 * 1000;

type CheckPayload = 'CertificateQuestion' | 'CertificateAnswer';

interface CheckPayloads {
  readonly CertificateQuestion: messages.CertificateQuestion;
  readonly CertificateAnswer: messages.CertificateAnswer;
}

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

/** An envelope with a seal of its own. */
export interface SealedCheck {
  readonly id: string;
  readonly leaf: Buffer;
  /** Milliseconds. */
  readonly expiresAt: number;
  readonly envelope: messages.Envelope;
}

/**
 * Seals one question or answer. It has no place in any order: its sequence is 0.
 *
 * @throws CodedError PAYLOAD_INVALID with every wrong field, MESSAGE_TOO_LARGE
 */
export async function sealCheck<N extends CheckPayload>(
  { region, clock, signerFor, newId }: CheckSealer,
  address: CheckAddress,
  name: N,
  payload: CheckPayloads[N],
): Promise<SealedCheck> {
  const now = clock.now();
  const signer = signerFor(address.peer);
  const id = newId();
  const expiresAt = now + LIFETIME_MS;
  const { header, leaf, ...content } = fixEnvelope(
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
      suite: signer.suite,
    },
    encodePayload(name, payload),
  );
  const root = await sealEnvelopes(signer, region, [leaf], now);
  return { id, leaf, expiresAt, envelope: { header, ...content, seal: sealOf(root, 0, signer.suite) } };
}

/**
 * Opens a question or an answer that arrived and holds its payload against the rules.
 *
 * @param inReplyTo what it must answer; empty for a question
 * @throws VerificationError the codes of `openSealed`; CodedError UNKNOWN_TYPE, PROTOCOL_VIOLATION, MALFORMED,
 *   PAYLOAD_INVALID
 */
export function openCheck<N extends CheckPayload>(
  arrived: ArrivedEnvelope,
  seal: messages.Seal | null,
  sender: RegionStatement,
  expected: { readonly name: N; readonly inReplyTo: string; readonly now: number },
): { readonly header: VerifiedEnvelope['header']; readonly payload: CheckPayloads[N] } {
  const { header, payload: bytes } = openSealed(arrived, seal, sender, expected.now);
  if (header.type !== typeName(expected.name)) throw new CodedError('UNKNOWN_TYPE');
  if (header.sequence !== 0) throw new CodedError('PROTOCOL_VIOLATION', 'a check has no place in a sequence');
  if (header.inReplyTo !== expected.inReplyTo)
    throw new CodedError('PROTOCOL_VIOLATION', 'the envelope answers another one than was sent');
  const payload = decode(expected.name, bytes) as CheckPayloads[N];
  const problems = checkPayload(expected.name, payload);
  if (problems.length > 0) throw new CodedError('PAYLOAD_INVALID', undefined, problems);
  return { header, payload };
}
