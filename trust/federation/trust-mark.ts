import { TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import { signJws, verifyJws } from '../jws.ts';
import type { Signer } from '../keys/signer.ts';
import { ANCHOR_FILES } from './anchor-index.ts';
import { anchorsOf, demandListed, type VouchedRegion } from './chain.ts';
import type { ConformanceFacts } from './conformance-result.ts';
import { entityUrn, readValidity } from './entity.ts';
import { readSerial } from './subordinate.ts';

/** What a trust mark (信任标志) says: the region passed a test. Times in milliseconds. */
export interface TrustMarkContent {
  readonly region: string;
  /** Type of the mark, such as `conformance-core`. */
  readonly type: string;
  /** Number that the anchor gives, by which it can revoke the mark. */
  readonly serial: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The test. */
  readonly conformance: ConformanceFacts;
}

/** A trust mark that counts: made by an anchor of the region's chain, not withdrawn. */
export interface TrustMark {
  readonly type: string;
  /** Name of the anchor. */
  readonly issuer: string;
  readonly expiresAt: number;
}

interface MarkClaims {
  iss: string;
  sub: string;
  trust_mark_type: string;
  iat: number;
  exp: number;
  jti: string;
  conformance: object;
}

const TYPE = /^[a-z][a-z0-9-]{0,49}$/;
const TYPE_URN = 'urn:tongban:mark:';

/** Whether a text can name a type of marks. */
export function isMarkType(type: string): boolean {
  return TYPE.test(type);
}

/** Signs a trust mark (OpenID Federation 1.1, trust mark claims). */
export function issueTrustMark(anchor: Signer, issuer: string, content: TrustMarkContent): Promise<string> {
  const { plan, version, tester, testedAt, reportDigest, passed, skipped } = content.conformance;
  const claims: MarkClaims = {
    iss: entityUrn({ kind: 'anchor', name: issuer }),
    sub: entityUrn({ kind: 'region', name: content.region }),
    trust_mark_type: `${TYPE_URN}${content.type}`,
    iat: Math.floor(content.issuedAt / 1000),
    exp: Math.floor(content.expiresAt / 1000),
    jti: String(content.serial),
    conformance: {
      plan,
      version,
      tester: entityUrn({ kind: 'region', name: tester }),
      tested_at: Math.floor(testedAt / 1000),
      report_digest: reportDigest,
      passed,
      skipped,
    },
  };
  return signJws(anchor, TYP.trustMark, claims);
}

/**
 * Verifies a trust mark of a region for which a chain vouches. Any anchor of that chain may have made it, and no other.
 *
 * @param type of the mark that is wanted
 * @param at milliseconds; the moment at which it must not have expired
 * @throws VerificationError TRUST_MARK_INVALID, CHAIN_INVALID and the codes of a signed object
 */
export function verifyTrustMark(jwt: string, vouched: VouchedRegion, type: string, at: number): TrustMark {
  const anchors = anchorsOf(vouched.anchor);
  const { kid, payload } = verifyJws<MarkClaims>(jwt, TYP.trustMark, (kid) => {
    return anchors.find(({ key }) => key.kid === kid)?.key;
  });
  const issuer = anchors.find(({ key }) => key.kid === kid)!;
  const { region } = vouched.statement;
  if (payload.iss !== entityUrn({ kind: 'anchor', name: issuer.name })) invalid('has another issuer than its signer');
  if (payload.sub !== entityUrn({ kind: 'region', name: region })) invalid('is for another region');
  if (payload.trust_mark_type !== `${TYPE_URN}${type}`) invalid('is of another type');
  demandListed(issuer.index, ANCHOR_FILES.mark(region, type), jwt);
  const { expiresAt } = readValidity(payload);
  if (issuer.revoked.has(readSerial(payload.jti))) invalid(`was withdrawn by ${issuer.name}`);
  if (at >= expiresAt) invalid('has expired');
  return { type, issuer: issuer.name, expiresAt };
}

function invalid(what: string): never {
  throw new VerificationError('TRUST_MARK_INVALID', `the trust mark ${what}`);
}
