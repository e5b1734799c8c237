import { randomBytes } from 'node:crypto';
import { regionUrn, TYP } from '#proto';
import { inclusionPath, merkleRoot } from '../../envelope/merkle.ts';
import type { Signer } from '../../keys/signer.ts';
import { suiteOf } from '../../suites.ts';

/** A seal as vectors write it. */
export interface RecordedSeal {
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly inclusion_path: readonly string[];
}

/** What a recorder may do differently from an honest sealer, to record what must be refused. */
export interface Forgery {
  readonly header?: object;
  readonly claims?: object;
  /** Milliseconds. */
  readonly at?: number;
  readonly typ?: string;
}

/** Seals a leaf as the second of three, with anything in the JWS changed. */
export async function forgeSeal(
  signer: Signer,
  region: string,
  leaf: Uint8Array,
  at: number,
  forgery: Forgery = {},
): Promise<RecordedSeal> {
  const { hash, alg } = suiteOf(signer.suite);
  const leaves = [randomBytes(32), leaf, randomBytes(32)];
  const header = { alg, kid: signer.kid, typ: forgery.typ ?? TYP.envelopeRoot, ...forgery.header };
  const claims = {
    root: merkleRoot(hash, leaves).toString('base64url'),
    size: leaves.length,
    iss: regionUrn(region),
    iat: Math.floor((forgery.at ?? at) / 1000),
    ...forgery.claims,
  };
  const input = `${part(header)}.${part(claims)}`;
  const signature = await signer.sign(Buffer.from(input));
  return {
    signed_root: `${input}.${signature.toString('base64url')}`,
    leaf_index: 1,
    tree_size: leaves.length,
    inclusion_path: inclusionPath(hash, leaves, 1).map((node) => node.toString('hex')),
  };
}

/** The same text with one character of base64url or hex exchanged. */
export function flipText(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
}

/** The same bytes with one bit changed. */
export function flipByte(bytes: Uint8Array, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at]! ^= 1;
  return other;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
