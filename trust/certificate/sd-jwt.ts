import { createHash } from 'node:crypto';
import { CodedError, type Hash, LIMITS } from '#proto';
import { VerificationError } from '../errors.ts';
import { readJws, signJws, type VerificationKey, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { SUITE_NAMES, type Suite, suiteOf } from '../suites.ts';
import {
  createDisclosure,
  type Disclosure,
  decoyDigest,
  digestOf,
  isReservedName,
  readDisclosure,
} from './disclosure.ts';

/*
 * SD-JWT (RFC 9901) in a flat profile: claims of the top level are disclosable, whole. Digests inside other claims,
 * array elements and key binding are refused, not ignored, so that nothing in a certificate goes unchecked.
 */

export type Claims = Readonly<Record<string, unknown>>;

/** An SD-JWT that was verified (RFC 9901, 7.1, without step 6: validity is for the caller to judge). */
export interface VerifiedSdJwt {
  /** Processed payload: the open claims and those disclosed, without `_sd` and `_sd_alg`. */
  readonly claims: Claims;
  readonly kid: string;
  /** Names of the claims that came as disclosures, in the order of the text. */
  readonly disclosed: readonly string[];
  /** SHA-256 of the issuer-signed JWT: the same for every presentation. */
  readonly digest: Buffer;
}

/** Characters of a whole SD-JWT. */
const MAX_LENGTH = 256 * 1024;
const MAX_DISCLOSURES = 200;
/** Digests in `_sd`, decoys included. */
const MAX_DIGESTS = 400;
/** Levels of objects and lists within one claim. */
const MAX_DEPTH = 16;
/** What no `_sd_alg` means (RFC 9901, 4.1.1). */
const DEFAULT_HASH_NAME: Suite['hashName'] = 'sha-256';
/** Base64url of 32 bytes. */
const DIGEST = /^[\w-]{43}$/;

/**
 * Signs claims as an SD-JWT: `<jwt>~<disclosure>~…~`.
 *
 * @param typ one of `TYP`
 * @param disclosable names of those claims that the holder may keep back
 * @param decoys how many digests without a claim to add
 * @throws CodedError VALIDATION_FAILED when the result would be larger than verifiers take,
 *   VerificationError CERTIFICATE_MALFORMED for a reserved name within the claims
 */
export async function issueSdJwt(
  signer: Signer,
  typ: string,
  claims: Claims,
  disclosable: readonly string[],
  decoys = 0,
): Promise<string> {
  demandNoDigests(claims);
  const absent = disclosable.find((name) => !Object.hasOwn(claims, name));
  if (absent !== undefined) throw new TypeError(`there is no claim ${absent} to make disclosable`);
  const hidden = new Set(disclosable);
  const disclosures = disclosable.map((name) => createDisclosure(name, claims[name]));
  const { hash, hashName } = suiteOf(signer.suite);
  const digests = [
    ...disclosures.map(({ encoded }) => digestOf(hash, encoded)),
    ...Array.from({ length: decoys }, () => decoyDigest(hash)),
  ];
  const open = Object.entries(claims).filter(([name]) => !hidden.has(name));
  const jwt = await signJws(signer, typ, {
    ...Object.fromEntries(open),
    // Sorted, so that the order of the claims is not told (RFC 9901, 4.2.4.1).
    ...(digests.length > 0 ? { _sd: digests.toSorted(), _sd_alg: hashName } : {}),
  });
  const sdJwt = assemble(jwt, disclosures);
  if (jwt.length > LIMITS.jwsBytes || sdJwt.length > MAX_LENGTH)
    throw new CodedError('VALIDATION_FAILED', 'the certificate has too much content; shorten its fields');
  return sdJwt;
}

/**
 * Makes a presentation with fewer disclosures (RFC 9901, 7.2). The signature is not verified; that the disclosures
 * belong to the JWT is.
 *
 * @param keep names of the claims that stay disclosed
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE (also for a name that is not disclosed in `sdJwt`)
 */
export function presentSdJwt(sdJwt: string, keep: readonly string[]): string {
  const { jwt, disclosures } = split(sdJwt);
  processPayload(readUnverified(jwt), disclosures);
  const absent = keep.find((name) => !disclosures.some((disclosure) => disclosure.name === name));
  if (absent !== undefined) refuse(`there is no disclosure named ${absent} to present`);
  return assemble(
    jwt,
    disclosures.filter(({ name }) => keep.includes(name)),
  );
}

/**
 * Reads an SD-JWT without trusting it, for finding out whose keys to verify it with and what it discloses.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function readSdJwt(sdJwt: string): Pick<VerifiedSdJwt, 'claims' | 'disclosed'> {
  const { jwt, disclosures } = split(sdJwt);
  return { claims: readUnverified(jwt), disclosed: disclosures.map(({ name }) => name) };
}

/**
 * Verifies an SD-JWT by every step of RFC 9901, 7.1, except its validity in time.
 *
 * @param keyOf the issuer's trusted key of a kid; undefined when it is not trusted
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, TYP_MISMATCH, KEY_UNKNOWN,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID, or what `keyOf` throws
 */
export function verifySdJwt(
  sdJwt: string,
  typ: string,
  keyOf: (kid: string) => VerificationKey | undefined,
): VerifiedSdJwt {
  const { jwt, disclosures } = split(sdJwt);
  const { payload, kid } = asMalformed(() => verifyJws<Claims>(jwt, typ, keyOf));
  const { hashName } = keyOf(kid)!.suite;
  if (Object.hasOwn(payload, '_sd') && hashNameOf(payload) !== hashName)
    malformed(`has digests of another hash than its key has, ${hashName}`);
  return {
    claims: processPayload(payload, disclosures),
    kid,
    disclosed: disclosures.map(({ name }) => name),
    digest: createHash('sha256').update(jwt).digest(),
  };
}

/** Puts the disclosed claims in the place of their digests (RFC 9901, 7.1, steps 2.5 to 5). */
function processPayload(payload: Claims, disclosures: readonly Disclosure[]): Claims {
  const { _sd: list = [], _sd_alg: _, ...open } = payload;
  const hash = hashNamed(hashNameOf(payload));
  const digests = readDigests(list);
  demandNoDigests(open);
  const claims = new Map(Object.entries(open));
  for (const { name, value, encoded } of disclosures) {
    // Each digest serves once: a repeated disclosure finds its digest gone.
    if (!digests.delete(digestOf(hash, encoded)))
      refuse('a disclosure does not belong to the certificate, or is there twice');
    if (claims.has(name)) refuse('a disclosure has the name of another claim');
    demandNoDigests({ value });
    claims.set(name, value);
  }
  return Object.fromEntries(claims);
}

function hashNameOf({ _sd_alg: name = DEFAULT_HASH_NAME }: Claims): unknown {
  return name;
}

function hashNamed(name: unknown): Hash {
  const suite = SUITE_NAMES.map(suiteOf).find(({ hashName }) => hashName === name);
  return suite?.hash ?? malformed('names a hash that is none of a suite');
}

function readDigests(list: unknown): Set<string> {
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string' && DIGEST.test(entry)))
    return malformed('has digests that are not 32 bytes in base64url');
  if (list.length > MAX_DIGESTS) malformed(`has more than ${MAX_DIGESTS} digests`);
  const digests = new Set<string>(list);
  if (digests.size !== list.length) malformed('has a digest twice');
  return digests;
}

/** Refuses digests, and so hidden claims, inside other claims: outside the flat profile. */
function demandNoDigests(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) malformed('has a claim that is nested too deeply');
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && isReservedName(name)) malformed('has a reserved name inside its claims');
    demandNoDigests(inner, depth + 1);
  }
}

function split(sdJwt: string): { jwt: string; disclosures: readonly Disclosure[] } {
  if (sdJwt.length > MAX_LENGTH) malformed(`is longer than ${MAX_LENGTH} characters`);
  const [jwt = '', ...rest] = sdJwt.split('~');
  const last = rest.pop();
  if (last === undefined) malformed('has no tilde after its JWT');
  if (last !== '') malformed('ends with a key binding JWT, which is not supported; present it without');
  if (rest.length > MAX_DISCLOSURES) malformed(`has more than ${MAX_DISCLOSURES} disclosures`);
  return { jwt, disclosures: rest.map(readDisclosure) };
}

function assemble(jwt: string, disclosures: readonly Disclosure[]): string {
  return [jwt, ...disclosures.map(({ encoded }) => encoded), ''].join('~');
}

function readUnverified(jwt: string): Claims {
  return asMalformed(() => readJws<Claims>(jwt).payload);
}

/** A broken JWS makes a malformed certificate; all other faults keep their code. */
function asMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== 'JWS_INVALID') throw cause;
    throw new VerificationError('CERTIFICATE_MALFORMED', `not an SD-JWT: ${cause.message}`, [], { cause });
  }
}

function malformed(what: string): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', `the SD-JWT ${what}`);
}

function refuse(detail: string): never {
  throw new VerificationError('CERTIFICATE_DISCLOSURE', detail);
}
