import { LIMITS, regionUrn } from '#proto';
import { VerificationError } from '../errors.ts';
import { decodePart, verifyJws } from '../jws.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement, StatementKey } from '../region/statement.ts';
import type { RootClaims } from './seal.ts';

/** A signed root whose signature, issuer and time were verified. */
export interface VerifiedRoot {
  readonly key: StatementKey;
  readonly root: Buffer;
  readonly size: number;
  /** Milliseconds. */
  readonly sealedAt: number;
}

/**
 * How time is judged. On `arrival` the seal must be fresh and its key valid now. For `history` the key must have been
 * valid when the seal says it was made; under a revoked key the seal must moreover be proved, by something that the
 * holder of the key could not make alone, to have existed at `provenAt` (ms), before the revocation.
 */
export type TimePolicy =
  | { readonly kind: 'arrival'; readonly now: number }
  | { readonly kind: 'history'; readonly provenAt?: number };

/**
 * Verifies the signature over a root.
 *
 * @param typ which kind of root: of envelopes or of receipts
 * @param signer the statement of the region that must have signed
 * @throws VerificationError JWS_INVALID, TYP_MISMATCH, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID, ISSUER_MISMATCH, SEAL_TIME
 */
export function verifyRoot(
  signedRoot: Uint8Array | string,
  typ: string,
  signer: RegionStatement,
  time: TimePolicy,
): VerifiedRoot {
  const jws = typeof signedRoot === 'string' ? signedRoot : Buffer.from(signedRoot).toString('latin1');
  const { kid, payload } = verifyJws<RootClaims>(jws, typ, (id) =>
    signer.keys.find((key) => key.kid === id && key.purpose === 'signing'),
  );
  if (payload.iss !== regionUrn(signer.region)) throw new VerificationError('ISSUER_MISMATCH');
  if (!Number.isSafeInteger(payload.size) || payload.size < 1 || !Number.isSafeInteger(payload.iat)) malformed();
  if (typeof payload.root !== 'string') malformed();
  const root = decodePart(payload.root);
  if (root.length !== 32) malformed();
  const sealedAt = payload.iat * 1000;
  return { key: judgeTime(signer, kid, sealedAt, time), root, size: payload.size, sealedAt };
}

function judgeTime(signer: RegionStatement, kid: string, sealedAt: number, time: TimePolicy): StatementKey {
  if (time.kind === 'history') return keyValidAt(signer, kid, 'signing', sealedAt, time.provenAt);
  const key = keyValidAt(signer, kid, 'signing', time.now);
  if (Math.abs(time.now - sealedAt) > LIMITS.sealSkewMs) throw new VerificationError('SEAL_TIME');
  return key;
}

function malformed(): never {
  throw new VerificationError('JWS_INVALID', 'the signed root lacks root, size or iat');
}
