import { encode, envelopeLeaf, type messages, payloadDigest, receiptLeaf, regionUrn, TYP } from '#proto';
import { signJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { suiteOf } from '../suites.ts';
import { inclusionPath, merkleRoot } from './merkle.ts';
import { newSalt } from './salts.ts';

/** An envelope as the sending side fixes it at acceptance. Its identity is the leaf hash. */
export interface FixedEnvelope {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
  readonly leaf: Buffer;
}

/** One signature over a group of leaves. */
export interface SealedRoot {
  /** Compact JWS over {root, size, iss, iat}. */
  readonly signedRoot: string;
  readonly leaves: readonly Buffer[];
}

/** Claims of a signed root. */
export interface RootClaims {
  /** Base64url of the tree's root. */
  readonly root: string;
  /** Number of leaves. */
  readonly size: number;
  /** Region that signs, as a URN. */
  readonly iss: string;
  /** Seconds since 1970. */
  readonly iat: number;
}

/**
 * Fixes header and payload bytes for ever.
 *
 * @param header all fields but the payload digest and the critical extensions
 * @param payload encoded payload message
 */
export function fixEnvelope(
  header: Omit<messages.EnvelopeHeader, 'payloadDigest' | 'critical' | 'version'>,
  payload: Buffer,
  salt: Buffer = newSalt(),
): FixedEnvelope {
  const { hash } = suiteOf(header.suite);
  const bytes = encode('EnvelopeHeader', {
    ...header,
    version: 1,
    payloadDigest: payloadDigest(hash, salt, payload),
  });
  return { header: bytes, payload, payloadSalt: salt, leaf: envelopeLeaf(hash, bytes) };
}

/** Seals envelopes: one signature for the whole group. */
export function sealEnvelopes(
  signer: Signer,
  region: string,
  leaves: readonly Buffer[],
  nowMs: number,
): Promise<SealedRoot> {
  return sealLeaves(signer, TYP.envelopeRoot, region, leaves, nowMs);
}

/** Seals receipts: one signature for the whole group. */
export function sealReceipts(
  signer: Signer,
  region: string,
  bodies: readonly Uint8Array[],
  nowMs: number,
): Promise<SealedRoot> {
  const { hash } = suiteOf(signer.suite);
  const leaves = bodies.map((body) => receiptLeaf(hash, body));
  return sealLeaves(signer, TYP.receiptRoot, region, leaves, nowMs);
}

/** The seal of one leaf of a group, so that it can be proved alone. */
export function sealOf(root: SealedRoot, index: number, suite: string): messages.Seal {
  return {
    signedRoot: Buffer.from(root.signedRoot),
    leafIndex: index,
    treeSize: root.leaves.length,
    inclusionPath: inclusionPath(suiteOf(suite).hash, root.leaves, index),
  };
}

async function sealLeaves(
  signer: Signer,
  typ: string,
  region: string,
  leaves: readonly Buffer[],
  nowMs: number,
): Promise<SealedRoot> {
  const claims: RootClaims = {
    root: merkleRoot(suiteOf(signer.suite).hash, leaves).toString('base64url'),
    size: leaves.length,
    iss: regionUrn(region),
    iat: Math.floor(nowMs / 1000),
  };
  return { signedRoot: await signJws(signer, typ, claims), leaves };
}
