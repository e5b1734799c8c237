import { createHash } from 'node:crypto';
import { TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { signJws, type VerificationKey, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { entityUrn, type IdentityKey, invalid, readEntity, readValidity, verifySelfSigned } from './entity.ts';
import { readSerial } from './subordinate.ts';

/** Where the files of an anchor are, in the folder that it publishes. */
export const ANCHOR_FILES = {
  /** Lists all the others. */
  index: 'index.jwt',
  /** Entity configuration, at the place of OpenID Federation 1.1. */
  configuration: '.well-known/openid-federation',
  revocations: 'revocations.jwt',
  /** What the anchor says of a region or of an anchor below it. */
  subordinate: (name: string) => `subordinates/${name}.jwt`,
  /** A region's own newest statement. */
  statement: (region: string) => `statements/${region}.jwt`,
  /** A region's trust mark of a type. */
  mark: (region: string, type: string) => `marks/${region}.${type}.jwt`,
} as const;

/** Bounds of what an anchor publishes. */
export const ANCHOR_LIMITS = {
  /** Bytes of the index: a region takes about 350. */
  indexBytes: 4 * 1024 * 1024,
  revocationsBytes: 1024 * 1024,
  files: 20_000,
  revocations: 5000,
} as const;

const PATH =
  /^(?:\.well-known\/openid-federation|revocations\.jwt|(?:subordinates|statements|marks)\/[a-z0-9][a-z0-9.-]{0,120}\.jwt)$/;
const DIGEST = /^[\w-]{43}$/;

/** What an anchor publishes at one moment: every file by the digest of its text. Times in milliseconds. */
export interface AnchorIndex {
  readonly name: string;
  /** Counts up with every publication. */
  readonly serial: number;
  /** Base64url SHA-256 by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** One withdrawal: the statement or mark with this serial counts no longer. */
export interface Revocation {
  readonly serial: number;
  /** URN of whom it was about. */
  readonly subject: string;
  /** Milliseconds. */
  readonly at: number;
  readonly reason: string;
}

interface IndexClaims {
  iss: string;
  iat: number;
  exp: number;
  serial: number;
  jwks: { keys: object[] };
  files: Record<string, string>;
}

interface RevocationClaims {
  iss: string;
  iat: number;
  revoked: { jti: string; sub: string; revoked_at: number; reason: string }[];
}

/** Digest of a published file, as the index lists it. */
export function fileDigest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** Signs an index. */
export function issueAnchorIndex(identity: Signer, index: AnchorIndex): Promise<string> {
  const claims: IndexClaims = {
    iss: entityUrn({ kind: 'anchor', name: index.name }),
    iat: Math.floor(index.issuedAt / 1000),
    exp: Math.floor(index.expiresAt / 1000),
    serial: index.serial,
    jwks: { keys: [identity.publicJwk] },
    files: Object.fromEntries(index.files),
  };
  return signJws(identity, TYP.anchorIndex, claims);
}

/**
 * Verifies an index of the anchor with this identity key. Whether it is in date is the caller's to compare.
 *
 * @param identity RFC 7638 thumbprint
 * @throws VerificationError FINGERPRINT_MISMATCH, CHAIN_INVALID and the codes of a signed object
 */
export async function verifyAnchorIndex(jwt: string, identity: string): Promise<AnchorIndex & { key: IdentityKey }> {
  const { key, claims } = await verifySelfSigned<IndexClaims>(jwt, TYP.anchorIndex, ANCHOR_LIMITS.indexBytes);
  if (key.kid !== identity)
    throw new VerificationError('FINGERPRINT_MISMATCH', 'the files are those of an anchor with another identity key');
  const { kind, name } = readEntity(claims.iss);
  if (kind !== 'anchor') invalid('has no anchor as issuer');
  if (!Number.isSafeInteger(claims.serial) || claims.serial < 1) invalid('has no serial');
  return { name, serial: claims.serial, files: readFiles(claims.files), ...readValidity(claims), key };
}

/** Signs the list of what an anchor withdrew before its time. */
export function issueRevocations(
  identity: Signer,
  name: string,
  revocations: readonly Revocation[],
  issuedAt: number,
): Promise<string> {
  const claims: RevocationClaims = {
    iss: entityUrn({ kind: 'anchor', name }),
    iat: Math.floor(issuedAt / 1000),
    revoked: revocations.map(({ serial, subject, at, reason }) => {
      return { jti: String(serial), sub: subject, revoked_at: Math.floor(at / 1000), reason };
    }),
  };
  return signJws(identity, TYP.anchorRevocations, claims);
}

/**
 * Verifies the list of what an anchor withdrew.
 *
 * @param name of the anchor
 * @returns serials
 * @throws VerificationError CHAIN_INVALID and the codes of a signed object
 */
export function verifyRevocations(jwt: string, name: string, key: VerificationKey): ReadonlySet<number> {
  const keyOf = (kid: string) => (kid === key.kid ? key : undefined);
  const { payload } = verifyJws<RevocationClaims>(jwt, TYP.anchorRevocations, keyOf, ANCHOR_LIMITS.revocationsBytes);
  if (payload.iss !== entityUrn({ kind: 'anchor', name })) invalid('has another issuer than its signer');
  const { revoked } = payload;
  if (!Array.isArray(revoked) || revoked.length > ANCHOR_LIMITS.revocations)
    return invalid('has no list of revocations');
  return new Set(revoked.map((entry) => readSerial(Object(entry).jti)));
}

/** Paths become names of files and parts of URLs: nothing but the known places. */
function readFiles(files: unknown): ReadonlyMap<string, string> {
  if (typeof files !== 'object' || files === null || Array.isArray(files)) return invalid('lists no files');
  const entries = Object.entries(files);
  if (entries.length > ANCHOR_LIMITS.files) invalid(`lists more than ${ANCHOR_LIMITS.files} files`);
  for (const [path, digest] of entries) {
    if (!PATH.test(path) || typeof digest !== 'string' || !DIGEST.test(digest))
      invalid('lists a file in no known place, or without its digest');
  }
  return new Map(entries as [string, string][]);
}
