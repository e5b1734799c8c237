import { TYP } from '#proto';
import { signJws, type VerificationKey, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { readLocation } from './anchor.ts';
import { type ChainConstraints, constraintClaims, readConstraints } from './constraints.ts';
import {
  type Entity,
  entityUrn,
  type IdentityKey,
  invalid,
  readEntity,
  readIdentityKey,
  readValidity,
} from './entity.ts';

/** What an anchor says of a region or of an anchor below it. Times in milliseconds. */
export interface SubordinateContent {
  readonly subject: Entity;
  /** Number that the anchor gives, by which it can revoke the statement. */
  readonly serial: number;
  /** Public JWK of the subject's identity key. */
  readonly jwk: object;
  /** Apply to the subject and to everything below it. */
  readonly constraints: ChainConstraints;
  /** Where a subordinate anchor keeps its files; absent for a region. */
  readonly location?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A subordinate statement whose signature by the anchor was verified. */
export interface SubordinateStatement extends Omit<SubordinateContent, 'jwk'> {
  readonly key: IdentityKey;
}

interface SubordinateClaims {
  iss: string;
  sub: string;
  iat: number;
  exp: number;
  jti: string;
  jwks: { keys: object[] };
  constraints?: object;
  metadata?: { tongban_anchor?: { location?: unknown } };
}

/** Signs a subordinate statement (OpenID Federation 1.1): the subject's identity key, and no other key of it. */
export function issueSubordinateStatement(
  anchor: Signer,
  issuer: string,
  content: SubordinateContent,
): Promise<string> {
  const { subject, serial, jwk, location } = content;
  const constraints = constraintClaims(content.constraints);
  const claims: SubordinateClaims = {
    iss: entityUrn({ kind: 'anchor', name: issuer }),
    sub: entityUrn(subject),
    iat: Math.floor(content.issuedAt / 1000),
    exp: Math.floor(content.expiresAt / 1000),
    jti: String(serial),
    jwks: { keys: [jwk] },
    ...(constraints && { constraints }),
    ...(location !== undefined && { metadata: { tongban_anchor: { location } } }),
  };
  return signJws(anchor, TYP.statement, claims);
}

/**
 * Verifies that an anchor made a statement about somebody else. Whether it is in date is the caller's to compare.
 *
 * @param issuer name of the anchor
 * @throws VerificationError CHAIN_INVALID and the codes of a signed object
 */
export async function verifySubordinateStatement(
  jwt: string,
  issuer: string,
  key: VerificationKey,
): Promise<SubordinateStatement> {
  const keyOf = (kid: string) => (kid === key.kid ? key : undefined);
  const { payload: claims } = verifyJws<SubordinateClaims>(jwt, TYP.statement, keyOf);
  const subject = readEntity(claims.sub);
  if (claims.iss !== entityUrn({ kind: 'anchor', name: issuer })) invalid('has another issuer than its signer');
  if (claims.sub === claims.iss) invalid('is about its own issuer');
  return {
    subject,
    serial: readSerial(claims.jti),
    key: await readIdentityKey(claims.jwks),
    constraints: readConstraints(claims.constraints),
    ...(subject.kind === 'anchor' && { location: readLocation(claims.metadata?.tongban_anchor?.location) }),
    ...readValidity(claims),
  };
}

/**
 * Reads the `jti` that an anchor gives to what it signs.
 *
 * @throws VerificationError CHAIN_INVALID
 */
export function readSerial(jti: unknown): number {
  return typeof jti === 'string' && /^[1-9]\d{0,14}$/.test(jti) ? Number(jti) : invalid('has no number');
}
