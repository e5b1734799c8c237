import type { messages } from '#proto';
import { type RegionStatement, readReceipt, type SealedRoot, VerificationError, verifyReceiptGroup } from '#trust';
import type { PendingEnvelope } from './outbox.ts';

/** A batch under way: what was sent, under which seal. */
export interface Flight {
  readonly number: number;
  readonly envelopes: readonly PendingEnvelope[];
  readonly sealed: SealedRoot;
}

/** What the peer answered to one envelope of a flight. */
export type EnvelopeAnswer =
  | {
      readonly kind: 'receipt';
      readonly envelope: PendingEnvelope;
      readonly index: number;
      readonly code: string;
      readonly body: Buffer;
      readonly receiptIndex: number;
    }
  | { readonly kind: 'deferral'; readonly envelope: PendingEnvelope; readonly code: string }
  | { readonly kind: 'refusal'; readonly envelope: PendingEnvelope; readonly code: string };

/** A whole answer, verified and matched to the envelopes of the flight. */
export interface FlightAnswer {
  readonly answers: readonly EnvelopeAnswer[];
  /** Leaf hashes of the receipts, in order. */
  readonly receiptLeaves: readonly Buffer[];
}

/**
 * Verifies the receipts of an answer and matches everything to the flight. An envelope that the answer leaves out is
 * treated as deferred.
 *
 * @param us our own region, to which the receipts must be addressed
 * @throws VerificationError the codes of a bad seal, RECEIPT_INVALID
 */
export function readAnswer(
  flight: Flight,
  answer: messages.ReceiptBatch,
  peer: RegionStatement,
  us: string,
): FlightAnswer {
  const byLeaf = new Map(
    flight.envelopes.map((envelope, index) => [envelope.leaf.toString('latin1'), { envelope, index }]),
  );
  const take = (leaf: Buffer) => {
    const found = byLeaf.get(leaf.toString('latin1'));
    byLeaf.delete(leaf.toString('latin1'));
    return found;
  };
  const answers: EnvelopeAnswer[] = [];
  const receiptLeaves = answer.receipts.length > 0 ? verifyReceiptGroup(answer.signedRoot, answer.receipts, peer) : [];
  answer.receipts.forEach((body, receiptIndex) => {
    const receipt = readReceipt(body, peer.region, us);
    const found = take(receipt.leafHash);
    if (!found || !belongs(receipt, found.envelope)) throw new VerificationError('RECEIPT_INVALID');
    answers.push({ kind: 'receipt', ...found, code: receipt.code, body, receiptIndex });
  });
  for (const { leafHash, code } of answer.deferrals) {
    const found = take(leafHash);
    if (found) answers.push({ kind: 'deferral', envelope: found.envelope, code });
  }
  for (const { leafHash, code } of answer.refusals) {
    const found = take(leafHash);
    if (found) answers.push({ kind: 'refusal', envelope: found.envelope, code });
  }
  for (const { envelope } of byLeaf.values()) answers.push({ kind: 'deferral', envelope, code: 'TRY_LATER' });
  return { answers, receiptLeaves };
}

/** Whether the peer says EXPIRED and our own clock agrees: only then may a Skip take the envelope's place. */
export function isExpired({ kind, code, envelope }: EnvelopeAnswer, now: number): boolean {
  return kind === 'refusal' && code === 'EXPIRED' && now >= envelope.expires_at;
}

function belongs(receipt: messages.ReceiptBody, envelope: PendingEnvelope): boolean {
  return (
    receipt.envelopeId === envelope.id &&
    receipt.conversation === envelope.conversation &&
    receipt.sequence === envelope.sequence
  );
}
