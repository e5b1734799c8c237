import { CodedError, decode, envelopeLeaf, LIMITS, type messages, receiptLeaf, TYP } from '#proto';
import {
  type ArrivedEnvelope,
  openKept,
  type RegionStatement,
  readArrived,
  readJws,
  readReceipt,
  type SealedRoot,
  sealOf,
  type VerifiedEnvelope,
  verifySeal,
} from '#trust';

/** An envelope that was exchanged, and its receipt, as they are stored or travel. */
export interface Exchanged {
  readonly header: Buffer;
  readonly payload: Buffer;
  /** Empty when payload and salt were erased. */
  readonly payloadSalt: Buffer;
  readonly index: number;
  readonly receipt: Buffer;
  readonly receiptIndex: number;
}

/** Who exchanged it. */
export interface Sides {
  readonly own: RegionStatement;
  readonly peer: RegionStatement;
}

/** An exchanged envelope of which everything was verified: whose it is, and the verdict on it. */
export interface VerifiedExchange {
  /** Whether we sent it. */
  readonly isOwn: boolean;
  readonly envelope: ArrivedEnvelope;
  /** The same with its payload verified; undefined when that was erased. */
  readonly opened: VerifiedEnvelope | undefined;
  readonly receipt: messages.ReceiptBody;
  /** Leaf hash of the receipt under the suite of whoever gave it. */
  readonly receiptLeaf: Buffer;
  /** Milliseconds, by our clock: when we sent it, or decided about it. */
  readonly happenedAt: number;
}

/**
 * Verifies what a peer gives back: each signature of ours on what we are said to have sent or decided, and each of the
 * peer on the rest. Nobody but us could have made the first, so nothing is taken on the peer's word.
 *
 * @param seal group over the envelope
 * @param receiptSeal group over the receipt
 * @throws CodedError the codes of a seal, of an envelope and of a receipt in history; KEY_REVOKED where a key was
 *   revoked before the other side's word about it
 */
export function verifyExchanged(
  exchanged: Exchanged,
  seal: SealedRoot,
  receiptSeal: SealedRoot,
  { own, peer }: Sides,
): VerifiedExchange {
  const { header, payload, payloadSalt, receipt: body } = exchanged;
  const isOwn = decode('EnvelopeHeader', header).sender === own.region;
  const [sender, recipient] = isOwn ? [own, peer] : [peer, own];
  const envelope = readArrived({ header, payload, payloadSalt, seal: null }, sender.region, recipient.region);
  const { id, conversation, sequence, sentAt } = envelope.header;

  const receiptLeafOf = (hash: Parameters<typeof receiptLeaf>[0]) => receiptLeaf(hash, body);
  const signed = verifySeal(receiptLeafOf, alone(receiptSeal, exchanged.receiptIndex), TYP.receiptRoot, recipient, {
    kind: 'history',
  });
  const receipt = readReceipt(body, recipient.region, sender.region);
  if (receipt.envelopeId !== id || receipt.conversation !== conversation || receipt.sequence !== sequence)
    throw new CodedError('RECEIPT_INVALID');
  if (!receipt.leafHash.equals(envelope.leaf)) throw new CodedError('RECEIPT_INVALID');

  const time = { kind: 'history', provenAt: receipt.decidedAt } as const;
  const leafOf = (hash: Parameters<typeof envelopeLeaf>[0]) => envelopeLeaf(hash, header);
  const root = verifySeal(leafOf, alone(seal, exchanged.index), TYP.envelopeRoot, sender, time);
  const opened = payloadSalt.length === 0 ? undefined : openKept(envelope, root);
  const happenedAt = isOwn ? sentAt : receipt.decidedAt;
  return { isOwn, envelope, opened, receipt, receiptLeaf: receiptLeafOf(signed.key.suite.hash), happenedAt };
}

const HASH_BYTES = 32;

/** The leaves of a group as they are stored and travel. @throws CodedError ROOT_MISMATCH */
export function groupOf(signedRoot: string, leaves: Buffer): SealedRoot {
  const count = leaves.length / HASH_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > LIMITS.batchEnvelopes) throw new CodedError('ROOT_MISMATCH');
  const parts = Array.from({ length: count }, (_, n) => leaves.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
  return { signedRoot, leaves: parts };
}

/** The seal of one leaf. Whoever signed a group hashed its tree. */
function alone(group: SealedRoot, index: number): messages.Seal {
  if (index >= group.leaves.length) throw new CodedError('PATH_INVALID');
  return sealOf(group, index, String(readJws(group.signedRoot).header['alg']));
}
