import { checkRegionCode, fields, identifier, instant, LIMITS, TYP, text } from '#proto';
import { VerificationError } from '../../errors.ts';
import { readJws, signJws, verifyJws } from '../../jws.ts';
import type { Signer } from '../../keys/signer.ts';
import { keyValidAt } from '../../region/directory.ts';
import type { RegionStatement } from '../../region/statement.ts';
import { decodeMember, readStrictJson } from '../strict-json.ts';

/**
 * That a link of a chain counts no more, nor anything that was passed on from it. Its region signs it, whoever signed the
 * link: a department that lost its key can do nothing else.
 */
export interface EntrustmentRevocation {
  /** Base64url of the SHA-256 of the link. */
  readonly entrustment: string;
  readonly region: string;
  readonly reason: string;
  /** Milliseconds. */
  readonly revoked_at: number;
}

const shape = fields({
  entrustment: text(43, { min: 43, pattern: /^[\w-]+$/ }),
  region: identifier(checkRegionCode),
  reason: text(500),
  revoked_at: instant,
});

/** Signs a revocation as a compact JWS. @param signer a *signing* key of the region */
export function signRevocation(signer: Signer, revocation: EntrustmentRevocation): Promise<string> {
  const { entrustment, region, reason, revoked_at } = revocation;
  return signJws(signer, TYP.entrustmentRevocation, { entrustment, region, reason, revoked_at });
}

/**
 * Reads a revocation without trusting it.
 *
 * @throws VerificationError JWS_INVALID, ENTRUSTMENT_INVALID
 */
export function readRevocation(jws: string): EntrustmentRevocation {
  readJws(jws);
  const payload = decodeMember(jws.split('.')[1]!, 'ENTRUSTMENT_INVALID', '');
  return readStrictJson<EntrustmentRevocation>(payload, shape, 'ENTRUSTMENT_INVALID');
}

/**
 * Verifies a revocation: by a signing key of the region to which the power belongs, and not from the future.
 *
 * @param at milliseconds
 * @throws VerificationError ENTRUSTMENT_INVALID, JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID
 */
export function verifyRevocation(jws: string, statement: RegionStatement, at: number): EntrustmentRevocation {
  const revocation = readRevocation(jws);
  if (revocation.region !== statement.region) {
    throw new VerificationError('ENTRUSTMENT_INVALID', 'the revocation is of another region');
  }
  if (revocation.revoked_at > at + LIMITS.sealSkewMs) {
    throw new VerificationError('ENTRUSTMENT_INVALID', 'the revocation is from the future; check both clocks');
  }
  verifyJws(jws, TYP.entrustmentRevocation, (kid) => keyValidAt(statement, kid, 'signing', revocation.revoked_at));
  return revocation;
}
