import { isRegionCode, regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { readJws, signJws, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';

/** What a conformance test (一致性测试) found, as far as a trust mark repeats it. */
export interface ConformanceFacts {
  readonly plan: string;
  /** Version of the plan. */
  readonly version: number;
  /** Region code of whoever tested. */
  readonly tester: string;
  /** Milliseconds. */
  readonly testedAt: number;
  /** Base64url SHA-256 of `report.json`. */
  readonly reportDigest: string;
  /** Number of checks. */
  readonly passed: number;
  readonly skipped: number;
}

/** The result of one run, signed by the region that tested. */
export interface ConformanceResult extends ConformanceFacts {
  /** Region code of whoever was tested. */
  readonly target: string;
  /** RFC 7638 thumbprint of the target's identity key. */
  readonly identity: string;
  readonly failed: number;
}

interface ResultClaims {
  iss: string;
  sub: string;
  iat: number;
  identity: string;
  plan: string;
  version: number;
  report_digest: string;
  passed: number;
  failed: number;
  skipped: number;
}

/** Signs the result of a run with the signing key of the region that tested. */
export function issueConformanceResult(signing: Signer, result: ConformanceResult): Promise<string> {
  const { target, tester, testedAt, identity, plan, version, reportDigest, passed, failed, skipped } = result;
  const claims: ResultClaims = {
    iss: regionUrn(tester),
    sub: regionUrn(target),
    iat: Math.floor(testedAt / 1000),
    identity,
    plan,
    version,
    report_digest: reportDigest,
    passed,
    failed,
    skipped,
  };
  return signJws(signing, TYP.conformanceResult, claims);
}

/**
 * The region that says it tested; nothing is verified.
 *
 * @throws VerificationError JWS_INVALID, TRUST_MARK_INVALID
 */
export function testerOf(jwt: string): string {
  return regionOf(readJws<ResultClaims>(jwt).payload.iss);
}

/**
 * Verifies who tested whom, and when. What the numbers are worth is the caller's to judge.
 *
 * @param tester statement of the region that tested
 * @throws VerificationError TRUST_MARK_INVALID, ISSUER_MISMATCH, KEY_NOT_VALID, KEY_REVOKED and the codes of a signed
 *   object
 */
export function verifyConformanceResult(jwt: string, tester: RegionStatement): ConformanceResult {
  const keyOf = (kid: string) => tester.keys.find((key) => key.kid === kid && key.purpose === 'signing');
  const { kid, payload } = verifyJws<ResultClaims>(jwt, TYP.conformanceResult, keyOf);
  const { iat, identity, plan, version, report_digest: reportDigest, passed, failed, skipped } = payload;
  if (payload.iss !== regionUrn(tester.region)) throw new VerificationError('ISSUER_MISMATCH');
  const counts = [iat, version, passed, failed, skipped];
  if (![identity, reportDigest].every((text) => typeof text === 'string' && /^[\w-]{43}$/.test(text)))
    invalid('names no digests');
  if (typeof plan !== 'string' || !/^[a-z][a-z0-9-]{0,49}$/.test(plan)) invalid('names no plan');
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) invalid('has a number that is none');
  keyValidAt(tester, kid, 'signing', iat * 1000);
  const target = regionOf(payload.sub);
  const numbers = { version, passed, failed, skipped };
  return { target, tester: tester.region, testedAt: iat * 1000, identity, plan, reportDigest, ...numbers };
}

function regionOf(urn: unknown): string {
  const code = typeof urn === 'string' ? urn.slice(regionUrn('').length) : '';
  return urn === regionUrn(code) && isRegionCode(code) ? code : invalid('names no region');
}

function invalid(what: string): never {
  throw new VerificationError('TRUST_MARK_INVALID', `the conformance result ${what}`);
}
