import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { bytes, isObject, object, whole } from './shape.ts';
import { sm2Holds, sm2Key } from './sm2.ts';
import { decoded, demand, type Hash, jsonOnce, sha256, sm3 } from './wire.ts';

/** Keys, compact JWS and signed roots of proto/README.md. */

const JWS_LIMIT = 64 * 1024;
export const URN = 'urn:tongban:region:';

/** The suites by name, each with its `H`. */
export const HASHES = { ES256: sha256, Ed25519: sha256, 'SM2-SM3': sm3 } as const satisfies Record<string, Hash>;
export type Suite = keyof typeof HASHES;
const SUITES: Readonly<Record<string, Suite>> = { 'EC P-256': 'ES256', 'OKP Ed25519': 'Ed25519', 'EC SM2': 'SM2-SM3' };

export interface Key {
  readonly kid: string;
  readonly suite: Suite;
  readonly key: KeyObject;
  /** The JWK's `x`, of a point followed by its `y`. */
  readonly point: Buffer;
  readonly purpose: string;
  /** Seconds. */
  readonly nbf: number;
  /** Seconds. */
  readonly exp: number;
  /** Milliseconds; absent unless the key was revoked. */
  readonly revokedAt?: number | undefined;
}

type PublicKey = Pick<Key, 'kid' | 'suite' | 'key' | 'point'>;

/** A public JWK with its RFC 7638 thumbprint; undefined when it is none of a suite in use. */
export function publicKey(jwk: unknown): PublicKey | undefined {
  if (!isObject(jwk)) return undefined;
  demand(!Object.hasOwn(jwk, 'd'), 'JWS_INVALID', 'a public key holds a private one');
  const { kty, crv, x, y } = jwk;
  const suite = SUITES[`${kty} ${crv}`];
  const parts = suite === 'Ed25519' ? [x] : [x, y];
  if (suite === undefined || !parts.every((part) => decoded(part)?.length === 32)) return undefined;
  const members = suite === 'Ed25519' ? { crv, kty, x } : { crv, kty, x, y };
  const point = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'base64url')));
  try {
    const jwk = { key: members as Record<string, string>, format: 'jwk' } as const;
    const key = suite === 'SM2-SM3' ? sm2Key(point) : createPublicKey(jwk);
    return { kid: sha256(Buffer.from(JSON.stringify(members))).toString('base64url'), suite, key, point };
  } catch {
    return undefined;
  }
}

export function signatureHolds({ suite, key, point }: PublicKey, content: Uint8Array, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  if (suite === 'SM2-SM3') return sm2Holds(key, point, content, signature);
  if (suite === 'Ed25519') return verify(null, content, key, signature);
  return verify('sha256', content, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

export type Claims = Record<string, unknown>;

export interface Jws {
  readonly header: Claims;
  readonly claims: Claims;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The two steps that need no key: structure and purpose. */
export function readJws(jws: string, typ: string, code = 'JWS_INVALID', limit = JWS_LIMIT): Jws {
  demand(jws.length <= limit, code, 'the signed object is too large');
  const parts = jws.split('.');
  const [header, claims] = parts.slice(0, 2).map((part) => jsonOnce(decoded(part) ?? Buffer.alloc(0)));
  const signature = decoded(parts[2]);
  const three = parts.length === 3 && signature !== undefined && signature.length > 0;
  demand(three, code, 'three parts are needed');
  demand(isObject(header) && isObject(claims), code, 'header and claims must be JSON objects in base64url');
  const known = Object.keys(header).every((name) => name === 'alg' || name === 'kid' || name === 'typ');
  demand(known && typeof header['kid'] === 'string', code, 'the header has exactly alg, kid and typ');
  demand(header['typ'] === typ, 'TYP_MISMATCH', `signed as ${String(header['typ'])} and not as ${typ}`);
  return { header, claims, signed: Buffer.from(parts.slice(0, 2).join('.')), signature };
}

/** The three steps that need the key. */
export function demandSignature<K extends PublicKey>({ header, signed, signature }: Jws, keys: readonly K[]): K {
  const key = keys.find(({ kid }) => kid === header['kid']);
  demand(key, 'KEY_UNKNOWN', `no key ${String(header['kid'])} for this purpose`);
  demand(header['alg'] === key.suite, 'ALGORITHM_NOT_ALLOWED', `the key is for ${key.suite}`);
  demand(signatureHolds(key, signed, signature), 'SIGNATURE_INVALID', 'the signature does not verify');
  return key;
}

/** When a key must have been valid: now (milliseconds), or in history at the time the signed root itself states. */
export type Moment = { readonly now: number } | 'history';

/** A region and its operational keys. */
export interface Signer {
  readonly region: string;
  readonly keys: readonly Key[];
}

export interface SignedRoot {
  readonly root: Buffer;
  readonly size: number;
  /** Seconds. */
  readonly iat: number;
  readonly suite: Suite;
  /** The key that signed. Whether it was revoked is for the caller to judge. */
  readonly key: Key;
}

/**
 * Verifies the root of a group of envelopes or receipts.
 *
 * @throws Refused with a code of the signed objects, ISSUER_MISMATCH, KEY_NOT_VALID
 */
export function verifyRoot(jws: string, typ: string, signer: Signer, moment: Moment): SignedRoot {
  const read = readJws(jws, typ);
  const key = demandSignature(
    read,
    signer.keys.filter(({ purpose }) => purpose === 'signing'),
  );
  const anyWhole = whole(Number.MIN_SAFE_INTEGER);
  object({ root: bytes(32, 32), size: whole(1), iat: anyWhole }, true)(read.claims, 'JWS_INVALID');
  const { root, size, iss, iat } = read.claims as { root: string; size: number; iss: unknown; iat: number };
  demand(iss === `${URN}${signer.region}`, 'ISSUER_MISMATCH', `issued by ${String(iss)}`);
  demandValid(key, moment === 'history' ? iat * 1000 : moment.now);
  return { root: Buffer.from(root, 'base64url'), size, iat, suite: key.suite, key };
}

export function demandNotRevoked({ kid, revokedAt }: Key): void {
  demand(revokedAt === undefined, 'KEY_REVOKED', `the key ${kid} was revoked`);
}

export function demandValid(key: Key, at: number): void {
  demand(key.nbf * 1000 <= at && at < key.exp * 1000, 'KEY_NOT_VALID', `the key ${key.kid} is not valid at ${at}`);
}
