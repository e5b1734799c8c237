import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { envelopeLeaf, payloadDigest, receiptLeaf, SALT_BYTES } from '#proto';
import { localSigner, merkleRoot, type Signer, signJws, suiteOf, type VerificationKey, verifyJws } from '#trust';
import type { LedgerRow } from './ledger.ts';

const SUITE = suiteOf('ES256');
const DIGEST_BYTES = 32;

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

/** Makes envelopes of one size. The header is the digest of the payload and noise. */
export function envelopeSource(headerBytes: number, payloadBytes: number): () => LedgerRow {
  const payload = randomBytes(payloadBytes);
  return () => {
    const salt = randomBytes(SALT_BYTES);
    const header = Buffer.allocUnsafe(headerBytes);
    payloadDigest(SUITE.hash, salt, payload).copy(header);
    header.fill(salt, DIGEST_BYTES);
    return { header, payload, salt, leaf: envelopeLeaf(SUITE.hash, header), receipt: null };
  };
}

export interface ArrivedParts {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
}

/** Leaves of what arrived. @throws Error when a payload is not the one that its header names */
export function leavesOf(envelopes: readonly ArrivedParts[]): Buffer[] {
  return envelopes.map(({ header, payload, payloadSalt }) => {
    const digest = payloadDigest(SUITE.hash, payloadSalt, payload);
    if (!digest.equals(header.subarray(0, DIGEST_BYTES))) throw new Error('the payload is another');
    return envelopeLeaf(SUITE.hash, header);
  });
}

/** A receipt is the leaf that it is for, padded to the size of a real one. */
export function receiptFor(leaf: Buffer, bytes: number): Buffer {
  const body = Buffer.alloc(bytes);
  leaf.copy(body);
  return body;
}

/** Leaves of receipts. @throws Error when one is for another envelope */
export function receiptLeavesOf(receipts: readonly Buffer[], leaves: readonly Buffer[]): Buffer[] {
  if (receipts.length !== leaves.length) throw new Error('a receipt is missing');
  return receipts.map((body, index) => {
    if (!body.subarray(0, DIGEST_BYTES).equals(leaves[index]!)) throw new Error('the receipt is for another envelope');
    return receiptLeaf(SUITE.hash, body);
  });
}
