import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { publicJwkOf, type Suite, type SuiteName, suiteOf } from '../suites.ts';

/** Purposes of the operational keys, which the statement of a region names. The identity key signs that statement. */
export const STATED_PURPOSES = ['signing', 'certificate', 'seal', 'log'] as const;

/** What a key of a region is for. Each purpose has keys of its own. */
export type KeyPurpose = 'identity' | (typeof STATED_PURPOSES)[number];

/**
 * Port to a private key, wherever it lives: a file, a card, a remote signature server.
 * Implementations may be slow and may fail; they must never hand out the key.
 */
export interface Signer {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly suite: SuiteName;
  /** Public JWK with `kid` and `alg`. */
  readonly publicJwk: JWK;
  /** Raw JOSE signature over the data. */
  sign(data: Uint8Array): Promise<Buffer>;
}

/** Makes a signer of a key that is in memory. */
export async function localSigner(
  suite: Suite | SuiteName,
  privateKey: KeyObject,
  publicKey: KeyObject,
): Promise<Signer> {
  const { name, alg, sign } = typeof suite === 'string' ? suiteOf(suite) : suite;
  const jwk = publicJwkOf(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    kid,
    suite: name,
    publicJwk: { ...jwk, kid, alg },
    sign: async (data) => sign(privateKey, data),
  };
}
