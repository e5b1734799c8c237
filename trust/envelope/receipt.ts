import { decode, encode, isErrorCode, type messages, receiptLeaf, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { merkleRoot } from './merkle.ts';
import { type TimePolicy, verifyRoot } from './signed-root.ts';

/** A verdict as the deciding side fixes it. */
export interface Verdict {
  readonly issuer: string;
  readonly audience: string;
  readonly envelopeId: string;
  readonly leaf: Uint8Array;
  readonly conversation: string;
  readonly sequence: number;
  /** Empty when accepted. */
  readonly code: string;
  /** Milliseconds. */
  readonly receivedAt: number;
  /** Milliseconds. */
  readonly decidedAt: number;
}

/** Fixes the body of a receipt for ever. */
export function receiptBody(verdict: Verdict): Buffer {
  return encode('ReceiptBody', {
    version: 1,
    issuer: verdict.issuer,
    audience: verdict.audience,
    envelopeId: verdict.envelopeId,
    leafHash: verdict.leaf,
    conversation: verdict.conversation,
    sequence: verdict.sequence,
    outcome: verdict.code === '' ? 'OUTCOME_ACCEPTED' : 'OUTCOME_REJECTED',
    code: verdict.code,
    receivedAt: verdict.receivedAt,
    decidedAt: verdict.decidedAt,
  });
}

/**
 * Reads and checks the body of a receipt against the regions it must name.
 *
 * @throws VerificationError RECEIPT_INVALID
 */
export function readReceipt(body: Uint8Array, issuer: string, audience: string): messages.ReceiptBody {
  const receipt = decodeReceipt(body);
  const accepted = receipt.outcome === 'OUTCOME_ACCEPTED' && receipt.code === '';
  const rejected = receipt.outcome === 'OUTCOME_REJECTED' && isErrorCode(receipt.code);
  const addressed = receipt.issuer === issuer && receipt.audience === audience;
  // Numbers beyond 2^53 lost their value while they were read.
  const timed = [receipt.sequence, receipt.receivedAt, receipt.decidedAt].every(
    (n) => Number.isSafeInteger(n) && n >= 0,
  );
  if (receipt.version !== 1 || !addressed || !timed || !(accepted || rejected)) {
    throw new VerificationError('RECEIPT_INVALID');
  }
  return receipt;
}

function decodeReceipt(body: Uint8Array): messages.ReceiptBody {
  try {
    return decode('ReceiptBody', body);
  } catch (cause) {
    throw new VerificationError('RECEIPT_INVALID', undefined, [], { cause });
  }
}

/**
 * Verifies the one signature over a group of receipts. Receipts have no freshness: an old verdict stays a verdict.
 *
 * @returns the leaf hashes of the group, in order
 * @throws VerificationError the codes of `verifyRoot`, ROOT_MISMATCH
 */
export function verifyReceiptGroup(
  signedRoot: Uint8Array,
  bodies: readonly Uint8Array[],
  issuer: RegionStatement,
  time: TimePolicy = { kind: 'history' },
): readonly Buffer[] {
  const root = verifyRoot(signedRoot, TYP.receiptRoot, issuer, time);
  const leaves = bodies.map((body) => receiptLeaf(root.key.suite.hash, body));
  if (root.size !== leaves.length || !merkleRoot(root.key.suite.hash, leaves).equals(root.root)) {
    throw new VerificationError('ROOT_MISMATCH');
  }
  return leaves;
}
