import { absentOr, fields, integer, LIMITS, type Problem, regionUrn, TYP, text } from '#proto';
import { VerificationError } from '../../errors.ts';
import { decodePart, readJws, signJws, type VerifiedJws, verifyJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { keyValidAt } from '../../region/directory.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { compressStatuses, inflateStatuses, packStatuses, type StatusBits, statusAtIndex } from './status-bits.ts';
import { statusUriRule } from './status-reference.ts';
import { type StatusWord, statusValue, statusWord } from './status-words.ts';

/*
 * Status lists (状态列表): Token Status List of the IETF (draft-ietf-oauth-status-list), as a JWT. One signed list says of
 * a million certificates how each stands, and nobody who reads it tells the issuer which of them he asked about.
 */

/** What an issuer publishes. Times in milliseconds; a JWT knows whole seconds. */
export interface StatusListContent {
  /** The region that issued the certificates. */
  readonly region: string;
  readonly uri: string;
  /** Where the addresses of all lists of the region stand. */
  readonly aggregationUri: string;
  /** Entries, certificates and others; a multiple of 8. */
  readonly size: number;
  /** Entries that are not `valid`. */
  readonly entries: Iterable<readonly [idx: number, word: StatusWord]>;
  readonly issuedAt: number;
  /** How long a copy may be used before a fresh one should be asked for. */
  readonly ttl: number;
  /** The list must not be used from here on. */
  readonly expiresAt: number;
}

/** A status list whose signature, issuer and address were verified. Times in milliseconds. */
export interface VerifiedStatusList {
  readonly issuer: string;
  readonly uri: string;
  readonly kid: string;
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  readonly ttl: number | undefined;
  readonly bits: StatusBits;
  /** The entries, packed. */
  readonly bytes: Uint8Array;
}

export interface StatusListVerification {
  /** The verified statement of a region that is trusted; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
}

interface StatusListClaims {
  readonly iss: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp?: number;
  readonly ttl?: number;
  readonly status_list: { readonly bits: StatusBits; readonly lst: string };
}

/** Entries of a list of ours: so many from the first certificate on, so that a list does not tell how many there are. */
export const STATUS_LIST_SIZE = 2 ** 20;
/** Characters of a list as text. */
export const MAX_STATUS_LIST_LENGTH = 2 * 1024 * 1024;
const BITS: StatusBits = 4;
const READABLE_BITS: readonly StatusBits[] = [1, 2, 4, 8];
const SECONDS = integer(946_684_800, 7_258_118_400);

const LIST = fields({
  iss: text(100),
  sub: statusUriRule,
  iat: SECONDS,
  exp: absentOr(SECONDS),
  ttl: absentOr(integer(1, 366 * 24 * 60 * 60)),
  status_list: fields({
    bits: (value, pointer, problems) => {
      if (!READABLE_BITS.includes(value as StatusBits))
        problems.push({ pointer, code: 'NOT_IN_LIST', message: `must be one of: ${READABLE_BITS.join(', ')}` });
    },
    lst: text(MAX_STATUS_LIST_LENGTH, { pattern: /^[\w-]+$/, hint: 'must be base64url' }),
    aggregation_uri: absentOr(statusUriRule),
  }),
});

/** Signs a status list as a JWT (typ `statuslist+jwt`), with the key that signs the region's certificates. */
export async function issueStatusList(signer: Signer, content: StatusListContent): Promise<string> {
  const { region, uri, aggregationUri, size, entries, issuedAt, ttl, expiresAt } = content;
  const values = Array.from(entries, ([idx, word]) => [idx, statusValue(word)] as const);
  const compressed = await compressStatuses(packStatuses(size, BITS, values));
  return signJws(signer, TYP.statusList, {
    iss: regionUrn(region),
    sub: uri,
    iat: seconds(issuedAt),
    exp: seconds(expiresAt),
    ttl: seconds(ttl),
    status_list: { bits: BITS, lst: compressed.toString('base64url'), aggregation_uri: aggregationUri },
  });
}

/**
 * Reads what a status list says of itself without trusting it: for finding the right one among several.
 *
 * @throws VerificationError STATUS_LIST_INVALID
 */
export function readStatusList(text: string): { readonly uri: string; readonly issuedAt: number } {
  const { sub, iat } = claimsOf(readList(() => readJws(text, MAX_STATUS_LIST_LENGTH)));
  return { uri: sub, issuedAt: iat * 1000 };
}

/**
 * Verifies a status list for a certificate: it must be signed by the certificate's issuer and be the list that the
 * certificate names. That it is recent enough is for {@link demandFresh}.
 *
 * @param of the issuer of the certificate, and the address that the certificate names
 * @throws VerificationError STATUS_LIST_INVALID, STATUS_LIST_ISSUER, STATUS_LIST_STALE when it has expired, TYP_MISMATCH,
 *   KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID, ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyStatusList(
  text: string,
  of: { readonly issuer: string; readonly uri: string },
  { statementOf, now }: StatusListVerification,
): VerifiedStatusList {
  const open = readList(() => readJws(text, MAX_STATUS_LIST_LENGTH));
  if (open.header['typ'] !== TYP.statusList) throw new VerificationError('TYP_MISMATCH');
  const { iss, sub, iat, exp, ttl, status_list: list } = claimsOf(open);
  const statement = statementOf(of.issuer);
  if (iss !== regionUrn(of.issuer) || statement?.region !== of.issuer)
    throw new VerificationError('STATUS_LIST_ISSUER', 'the list is not of the region that issued the certificate');
  if (sub !== of.uri)
    throw new VerificationError('STATUS_LIST_ISSUER', 'the list is another one than the certificate names');
  const { kid } = readList(() =>
    verifyJws(
      text,
      TYP.statusList,
      (candidate) => keyValidAt(statement, candidate, 'certificate', iat * 1000),
      MAX_STATUS_LIST_LENGTH,
    ),
  );
  const issuedAt = iat * 1000;
  if (issuedAt > now + LIMITS.sealSkewMs)
    invalid(
      'is newer than the moment of verification (列表晚于核验时刻): check the clock, or the moment given with --at',
    );
  const expiresAt = exp === undefined ? undefined : exp * 1000;
  if (expiresAt !== undefined && now >= expiresAt)
    throw new VerificationError('STATUS_LIST_STALE', 'the status list has expired; get a fresh one');
  return {
    issuer: of.issuer,
    uri: sub,
    kid,
    issuedAt,
    expiresAt,
    ttl: ttl === undefined ? undefined : ttl * 1000,
    bits: list.bits,
    bytes: inflateStatuses(readList(() => decodePart(list.lst))),
  };
}

/**
 * Demands that a list is recent: not older than `maxAgeMs`, nor older than one of the same address that was seen before.
 * Whoever stands between may show an old list again, which calls revoked certificates valid.
 *
 * @param seenIssuedAt milliseconds; `issuedAt` of the newest that was seen
 * @throws VerificationError STATUS_LIST_STALE
 */
export function demandFresh(
  { issuedAt, expiresAt }: VerifiedStatusList,
  now: number,
  { maxAgeMs, seenIssuedAt }: { readonly maxAgeMs?: number | undefined; readonly seenIssuedAt?: number | undefined },
): void {
  if (expiresAt !== undefined && now >= expiresAt) stale('has expired');
  if (maxAgeMs !== undefined && now - issuedAt > maxAgeMs) stale(`is older than ${maxAgeMs / 1000} seconds`);
  if (seenIssuedAt !== undefined && issuedAt < seenIssuedAt) stale('is older than one that was seen before');
}

/**
 * What a list says of a certificate.
 *
 * @throws VerificationError STATUS_INDEX when the list has no such entry, STATUS_UNKNOWN for a value without a meaning
 */
export function statusIn({ bytes, bits }: VerifiedStatusList, idx: number): StatusWord {
  const value = statusAtIndex(bytes, bits, idx);
  if (value === undefined) throw new VerificationError('STATUS_INDEX');
  return statusWord(value) ?? unknown(value);
}

function claimsOf({ payload }: Pick<VerifiedJws<unknown>, 'payload'>): StatusListClaims {
  const problems: Problem[] = [];
  LIST(payload, '', problems);
  if (problems.length > 0)
    throw new VerificationError('STATUS_LIST_INVALID', 'the status list has wrong claims', problems);
  return payload as StatusListClaims;
}

/** A broken JWS makes an invalid list; all other faults keep their code. */
function readList<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== 'JWS_INVALID') throw cause;
    throw new VerificationError('STATUS_LIST_INVALID', `not a status list: ${cause.message}`, [], { cause });
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function unknown(value: number): never {
  throw new VerificationError('STATUS_UNKNOWN', `the status list has the value ${value}, which has no meaning here`);
}

function stale(why: string): never {
  throw new VerificationError('STATUS_LIST_STALE', `the status list ${why}; get a fresh one`);
}

function invalid(what: string): never {
  throw new VerificationError('STATUS_LIST_INVALID', `the status list ${what}`);
}
