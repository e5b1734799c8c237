import { CodedError } from '#proto';
import type { CertificateView } from '#trust';

/** What the issuer decided about a certificate (证照状态). */
export type IssuerStatus = 'valid' | 'suspended' | 'revoked';

/** How a certificate stands at a moment: what its issuer decided, and what its dates say. */
export type CertificateStatus = IssuerStatus | 'expired' | 'not-yet-valid';

/** What may follow what. A revocation (注销) is final. */
const CHANGES: Readonly<Record<IssuerStatus, readonly IssuerStatus[]>> = {
  valid: ['suspended', 'revoked'],
  suspended: ['valid', 'revoked'],
  revoked: [],
};

export const ISSUER_STATUSES = Object.keys(CHANGES) as readonly IssuerStatus[];

/**
 * Demands that the issuer may change the status of a certificate.
 *
 * @throws CodedError CONFLICT
 */
export function demandChange(from: IssuerStatus, to: IssuerStatus): void {
  if (!CHANGES[from].includes(to))
    throw new CodedError('CONFLICT', `a certificate that is ${from} cannot become ${to}`);
}

/** A suspension may end, an expiry may not: who asks about a certificate that is both learns what is final. */
export function statusAt(
  decided: IssuerStatus,
  { validFrom, validUntil }: Pick<CertificateView, 'validFrom' | 'validUntil'>,
  now: number,
): CertificateStatus {
  if (decided === 'revoked') return 'revoked';
  if (validUntil !== undefined && now >= validUntil) return 'expired';
  if (decided === 'suspended') return 'suspended';
  return now < validFrom ? 'not-yet-valid' : 'valid';
}
