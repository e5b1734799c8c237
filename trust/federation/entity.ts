import { calculateJwkThumbprint, type JWK } from 'jose';
import { isRegionCode, regionUrn } from '#proto';
import { VerificationError } from '../errors.ts';
import { readJws, type VerificationKey, verifyJws } from '../jws.ts';
import { importPublicJwk, suiteOfKey } from '../suites.ts';

/** Whom a statement of a federation is about: a region (地区) or another anchor (信任锚点) below the one that signs. */
export type Entity =
  | { readonly kind: 'region'; readonly name: string }
  | { readonly kind: 'anchor'; readonly name: string };

/** An entity's identity key: its RFC 7638 thumbprint is what is pinned or vouched for. */
export interface IdentityKey extends VerificationKey {
  /** Public JWK, nothing but its key members. */
  readonly jwk: JWK;
}

/** Name of an anchor: what people call it, in the signed objects and in the names of files. */
const ANCHOR_NAME = /^(?!.*\d{6})[a-z0-9][a-z0-9-]{0,49}$/;
const ANCHOR_URN = 'urn:tongban:anchor:';

/** Seconds that the clocks of an anchor and its readers may differ. */
const SKEW_S = 5 * 60;

/** Whether a text can name an anchor: lower-case letters, digits, hyphens, and nothing that looks like a region code. */
export function isAnchorName(name: string): boolean {
  return ANCHOR_NAME.test(name);
}

/** Names an entity in signed objects. */
export function entityUrn({ kind, name }: Entity): string {
  return kind === 'region' ? regionUrn(name) : `${ANCHOR_URN}${name}`;
}

/**
 * The opposite of {@link entityUrn}.
 *
 * @throws VerificationError CHAIN_INVALID
 */
export function readEntity(urn: unknown): Entity {
  if (typeof urn !== 'string') return invalid('names no entity');
  const code = urn.slice(regionUrn('').length);
  if (urn === regionUrn(code) && isRegionCode(code)) return { kind: 'region', name: code };
  const name = urn.slice(ANCHOR_URN.length);
  if (urn === `${ANCHOR_URN}${name}` && isAnchorName(name)) return { kind: 'anchor', name };
  return invalid('names an entity that is neither a region of the table nor an anchor');
}

/**
 * The first key of a JWK set, which is the entity's identity key.
 *
 * @throws VerificationError CHAIN_INVALID, JWS_INVALID
 */
export async function readIdentityKey(jwks: unknown): Promise<IdentityKey> {
  const listed = (jwks as { keys?: unknown } | undefined)?.keys;
  const jwk = (Array.isArray(listed) ? listed[0] : undefined) as JWK | null | undefined;
  const suite = suiteOfKey(Object(jwk)) ?? invalid('names no identity key of a known suite');
  const { kty, crv, x, y } = jwk!;
  const kid = await calculateJwkThumbprint(jwk!).catch(() => invalid('has a key without a thumbprint'));
  return { kid, suite, key: importPublicJwk(jwk!), jwk: { kty, crv, x, ...(y === undefined ? {} : { y }) } };
}

/**
 * Verifies an object that brings the key of its signer with it: it proves no more than that the holder of that key made
 * it. The caller compares the key with the one that it expects.
 *
 * @throws VerificationError CHAIN_INVALID and the codes of a signed object
 */
export async function verifySelfSigned<P extends { jwks?: unknown }>(
  jwt: string,
  typ: string,
  maxBytes?: number,
): Promise<{ key: IdentityKey; claims: P }> {
  const key = await readIdentityKey(readJws<P>(jwt, maxBytes).payload.jwks);
  const keyOf = (kid: string) => (kid === key.kid ? key : undefined);
  return { key, claims: verifyJws<P>(jwt, typ, keyOf, maxBytes).payload };
}

/**
 * Reads `iat` and `exp` of the claims.
 *
 * @returns milliseconds
 * @throws VerificationError CHAIN_INVALID
 */
export function readValidity(claims: { iat?: unknown; exp?: unknown }): { issuedAt: number; expiresAt: number } {
  const { iat, exp } = claims as { iat: number; exp: number };
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp) || exp <= iat) invalid('has no validity');
  return { issuedAt: iat * 1000, expiresAt: exp * 1000 };
}

/**
 * @param now milliseconds
 * @throws VerificationError CHAIN_EXPIRED unless the object is in date
 */
export function demandInDate(
  { issuedAt, expiresAt }: { readonly issuedAt: number; readonly expiresAt: number },
  what: string,
  now: number,
): void {
  if (now < issuedAt - SKEW_S * 1000)
    throw new VerificationError('CHAIN_EXPIRED', `${what} is dated in the future; check both clocks`);
  if (now >= expiresAt) throw new VerificationError('CHAIN_EXPIRED', `${what} has expired`);
}

/** @throws VerificationError CHAIN_INVALID, always */
export function invalid(what: string): never {
  throw new VerificationError('CHAIN_INVALID', `a statement of the federation ${what}`);
}
