import { createPublicKey, generateKeyPairSync, hash as hashOnce, type KeyObject, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';
import type { Hash } from '#proto';
import { VerificationError } from './errors.ts';

/** Name of a signature suite as headers and statements carry it. */
export type SuiteName = 'ES256' | 'Ed25519';

/** One closed combination of signature algorithm and hash. */
export interface Suite {
  readonly name: SuiteName;
  /** JOSE algorithm name (RFC 7518; RFC 9864 for Ed25519). */
  readonly alg: string;
  /** `H`: leaves, nodes and digests. */
  readonly hash: Hash;
  generate(): { privateKey: KeyObject; publicKey: KeyObject };
  /** Raw signature as JOSE wants it (64 bytes for both suites here). */
  sign(key: KeyObject, data: Uint8Array): Buffer;
  /** False for any signature that is not a good one; never throws for bad input. */
  verify(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean;
  /** Whether a public JWK is a key of this suite. */
  owns(jwk: JWK): boolean;
}

const sha256: Hash = (...parts) => hashOnce('sha256', parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer');

const ES256: Suite = {
  name: 'ES256',
  alg: 'ES256',
  hash: sha256,
  generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  sign: (key, data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  verify: (key, data, signature) =>
    signature.length === 64 && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
  owns: (jwk) => jwk.kty === 'EC' && jwk.crv === 'P-256',
};

const Ed25519: Suite = {
  name: 'Ed25519',
  alg: 'Ed25519',
  hash: sha256,
  generate: () => generateKeyPairSync('ed25519'),
  sign: (key, data) => sign(null, data, key),
  verify: (key, data, signature) => signature.length === 64 && verify(null, data, key, signature),
  owns: (jwk) => jwk.kty === 'OKP' && jwk.crv === 'Ed25519',
};

const SUITES: ReadonlyMap<string, Suite> = new Map([ES256, Ed25519].map((suite) => [suite.name, suite]));

export const SUITE_NAMES: readonly SuiteName[] = ['ES256', 'Ed25519'];

/**
 * Finds a suite by name.
 *
 * @throws VerificationError SUITE_MISMATCH for a name outside the closed list
 */
export function suiteOf(name: string): Suite {
  const suite = SUITES.get(name);
  if (!suite) throw new VerificationError('SUITE_MISMATCH', 'the suite is not one of ES256, Ed25519');
  return suite;
}

/** Finds the suite whose keys look like this public JWK; undefined when there is none. */
export function suiteOfKey(jwk: JWK): Suite | undefined {
  return [...SUITES.values()].find((suite) => suite.owns(jwk));
}

/**
 * Reads a public JWK.
 *
 * @throws VerificationError JWS_INVALID when it is not a usable public key
 */
export function importPublicJwk(jwk: JWK): KeyObject {
  try {
    if ('d' in jwk) throw new Error('a private key where a public one belongs');
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw new VerificationError('JWS_INVALID', 'the statement holds a key that cannot be read', [], { cause });
  }
}
