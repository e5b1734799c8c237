import { createPublicKey, generateKeyPairSync, hash as hashOnce, type KeyObject, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';
import type { Hash } from '#proto';
import { VerificationError } from './errors.ts';
import { generateSm2, importSm2Jwk, sm2Jwk, sm2PointOf } from './sm2/sm2-key.ts';
import { sm2Sign, sm2Verify } from './sm2/sm2-signature.ts';

/** Name of a signature suite as headers and statements carry it. */
export type SuiteName = 'ES256' | 'Ed25519' | 'SM2-SM3';

/** One closed combination of signature algorithm and hash. */
export interface Suite {
  readonly name: SuiteName;
  /** JOSE algorithm name (RFC 7518; RFC 9864 for Ed25519; for SM2, which has none registered, our own). */
  readonly alg: string;
  /** `H`: leaves, nodes and digests. */
  readonly hash: Hash;
  /** What `_sd_alg` calls it (RFC 9901, 4.1.1; IANA has no name for SM3, this one is our own). */
  readonly hashName: 'sha-256' | 'sm3';
  generate(): { privateKey: KeyObject; publicKey: KeyObject };
  /** Raw signature as JOSE wants it (64 bytes for all suites here). */
  sign(key: KeyObject, data: Uint8Array): Buffer;
  /** False for any signature that is not a good one; never throws for bad input. */
  verify(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean;
  /** Whether a public JWK is a key of this suite. */
  owns(jwk: JWK): boolean;
}

const sha256 = hashOf('sha256');
const sm3 = hashOf('sm3');

const ES256: Suite = {
  name: 'ES256',
  alg: 'ES256',
  hash: sha256,
  hashName: 'sha-256',
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
  hashName: 'sha-256',
  generate: () => generateKeyPairSync('ed25519'),
  sign: (key, data) => sign(null, data, key),
  verify: (key, data, signature) => signature.length === 64 && verify(null, data, key, signature),
  owns: (jwk) => jwk.kty === 'OKP' && jwk.crv === 'Ed25519',
};

/** 国密: SM2 with SM3 (GB/T 32918, GB/T 32905, GB/T 35276). */
const SM2: Suite = {
  name: 'SM2-SM3',
  alg: 'SM2-SM3',
  hash: sm3,
  hashName: 'sm3',
  generate: generateSm2,
  sign: sm2Sign,
  verify: sm2Verify,
  owns: (jwk) => jwk.kty === 'EC' && jwk.crv === 'SM2',
};

const SUITES: ReadonlyMap<string, Suite> = new Map([ES256, Ed25519, SM2].map((suite) => [suite.name, suite]));

export const SUITE_NAMES: readonly SuiteName[] = ['ES256', 'Ed25519', 'SM2-SM3'];

/**
 * Finds a suite by name.
 *
 * @throws VerificationError SUITE_MISMATCH for a name outside the closed list
 */
export function suiteOf(name: string): Suite {
  const suite = SUITES.get(name);
  if (!suite) throw new VerificationError('SUITE_MISMATCH', `the suite is not one of ${SUITE_NAMES.join(', ')}`);
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
    const coordinates = jwk.kty === 'EC' ? [jwk.x, jwk.y] : [jwk.x];
    // One key has one spelling, or it would have several thumbprints.
    if (suiteOfKey(jwk) && !coordinates.every(isCoordinate))
      throw new Error('a coordinate that is not 32 bytes in canonical base64url');
    return SM2.owns(jwk) ? importSm2Jwk(jwk) : createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw new VerificationError('JWS_INVALID', 'the statement holds a key that cannot be read', [], { cause });
  }
}

function isCoordinate(text: unknown): boolean {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  return bytes.length === 32 && bytes.toString('base64url') === text;
}

/** Writes a public key as JWK: `kty`, `crv`, `x` and, of a point, `y`. */
export function publicJwkOf(publicKey: KeyObject): JWK {
  const point = sm2PointOf(publicKey);
  return point ? sm2Jwk(point) : publicKey.export({ format: 'jwk' });
}

/** `H` over the parts joined. */
function hashOf(name: 'sha256' | 'sm3'): Hash {
  return (...parts) => hashOnce(name, parts.length === 1 ? parts[0]! : Buffer.concat(parts), 'buffer');
}
