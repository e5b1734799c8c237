import { createPrivateKey, createPublicKey, randomBytes, randomUUIDv7 } from 'node:crypto';
import { decode, encode, envelopeLeaf, LIMITS, type messages, payloadDigest, receiptLeaf, SALT_BYTES } from '#proto';
import {
  type Clock,
  localSigner,
  merkleRoot,
  type Signer,
  signJws,
  suiteOf,
  type VerificationKey,
  verifyJws,
} from '#trust';
import { HANDLING, RECEIVING } from '../sample-case.ts';
import type { LedgerRow } from './ledger.ts';

const SUITE = suiteOf('ES256');
const NO_DIGEST = Buffer.alloc(32);

/** Private keys of both sides as PEM: each takes its own, and of the other only the public part. */
export interface FloorKeys {
  readonly sender: string;
  readonly receiver: string;
}

/** New keys for both sides. */
export function newFloorKeys(): FloorKeys {
  const pem = () => String(SUITE.generate().privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { sender: pem(), receiver: pem() };
}

/** Signs and verifies groups for one of the two sides. */
export class Sealing {
  readonly #own: Signer;
  readonly #peer: VerificationKey;

  private constructor(own: Signer, peer: VerificationKey) {
    this.#own = own;
    this.#peer = peer;
  }

  static async open(ownPem: string, peerPem: string): Promise<Sealing> {
    const key = createPrivateKey(ownPem);
    const own = await localSigner(SUITE, key, createPublicKey(ownPem));
    const peerKey = createPublicKey(peerPem);
    const peer = await localSigner(SUITE, createPrivateKey(peerPem), peerKey);
    return new Sealing(own, { kid: peer.kid, suite: SUITE, key: peerKey });
  }

  /** One signature over the tree of the leaves. */
  seal(typ: string, leaves: readonly Buffer[]): Promise<string> {
    const root = merkleRoot(SUITE.hash, leaves).toString('base64url');
    return signJws(this.#own, typ, { root, size: leaves.length });
  }

  /** @throws Error when the signature or the tree is another */
  verify(typ: string, signedRoot: string, leaves: readonly Buffer[]): void {
    const { payload } = verifyJws<{ root: string; size: number }>(signedRoot, typ, () => this.#peer);
    const root = merkleRoot(SUITE.hash, leaves).toString('base64url');
    if (payload.root !== root || payload.size !== leaves.length) throw new Error('the tree is not the one signed');
  }
}

/** Makes envelopes around a payload, with headers as the wire has them. */
export function envelopeSource(payload: Buffer, clock: Clock): () => LedgerRow {
  const conversation = randomUUIDv7();
  let sequence = 0;
  return () => {
    sequence += 1;
    const now = clock.now();
    const salt = randomBytes(SALT_BYTES);
    const header = encode('EnvelopeHeader', {
      version: 1,
      id: randomUUIDv7(),
      type: 'tongban.v1.CaseTransfer',
      sender: RECEIVING,
      recipient: HANDLING,
      conversation,
      sequence,
      sentAt: now,
      expiresAt: now + LIMITS.lifetimeMs,
      authorizationId: conversation,
      authorizationDigest: NO_DIGEST,
      payloadDigest: payloadDigest(SUITE.hash, salt, payload),
      suite: SUITE.name,
    });
    return { header, payload, salt, leaf: envelopeLeaf(SUITE.hash, header), receipt: null };
  };
}

export interface ArrivedParts {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
}

/** An envelope whose payload is the one that its header names. */
export interface OpenedEnvelope extends ArrivedParts {
  readonly leaf: Buffer;
  readonly fields: messages.EnvelopeHeader;
}

/** @throws Error when a payload is not the one that its header names */
export function open(envelope: ArrivedParts): OpenedEnvelope {
  const { header, payload, payloadSalt } = envelope;
  const fields = decode('EnvelopeHeader', header);
  if (!payloadDigest(SUITE.hash, payloadSalt, payload).equals(fields.payloadDigest)) {
    throw new Error('the payload is another');
  }
  return { header, payload, payloadSalt, fields, leaf: envelopeLeaf(SUITE.hash, header) };
}

/** The receipt of an accepted envelope, as the wire has it. */
export function receiptFor({ fields, leaf }: OpenedEnvelope, now: number): Buffer {
  const { id, conversation, sequence, sender, recipient } = fields;
  return encode('ReceiptBody', {
    version: 1,
    issuer: recipient,
    audience: sender,
    envelopeId: id,
    leafHash: leaf,
    conversation,
    sequence,
    outcome: 'OUTCOME_ACCEPTED',
    receivedAt: now,
    decidedAt: now,
  });
}

/** Leaves of receipts. @throws Error when one is for another envelope */
export function receiptLeavesOf(receipts: readonly Buffer[], leaves: readonly Buffer[]): Buffer[] {
  if (receipts.length !== leaves.length) throw new Error('a receipt is missing');
  return receipts.map((body, index) => {
    if (!decode('ReceiptBody', body).leafHash.equals(leaves[index]!)) throw new Error('a receipt of another envelope');
    return receiptLeaf(SUITE.hash, body);
  });
}

/** Leaves of our own receipts. */
export function ownReceiptLeaves(receipts: readonly Buffer[]): Buffer[] {
  return receipts.map((body) => receiptLeaf(SUITE.hash, body));
}
