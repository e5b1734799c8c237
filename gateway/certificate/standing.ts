import { CodedError } from '#proto';
import { type CertificateView, STATUS_WORDS, type StatusWord } from '#trust';

/** How a certificate stands at a moment: what its issuer decided, and what its dates say. */
export type CertificateStatus = StatusWord | 'expired' | 'not-yet-valid';

/**
 * What may follow what. Only a suspension (暂停) ends again (恢复); the three endings are final, and the first one stays:
 * the removal from the register (注销手续) that follows a revocation or a withdrawal by law does not change why it ended.
 */
export const STATUS_CHANGES: Readonly<Record<StatusWord, readonly StatusWord[]>> = {
  valid: ['suspended', 'cancelled', 'revoked', 'withdrawn'],
  suspended: ['valid', 'cancelled', 'revoked', 'withdrawn'],
  cancelled: [],
  revoked: [],
  withdrawn: [],
};

/** Every way in which a certificate can stand. */
export const CERTIFICATE_STATUSES: readonly CertificateStatus[] = [...STATUS_WORDS, 'expired', 'not-yet-valid'];

/**
 * Demands that the issuer may change the status of a certificate.
 *
 * @throws CodedError CONFLICT
 */
export function demandChange(from: StatusWord, to: StatusWord): void {
  if (!STATUS_CHANGES[from].includes(to))
    throw new CodedError('CONFLICT', `a certificate that is ${from} cannot become ${to}`);
}

/**
 * A suspension may end, an expiry may not: who asks about a certificate that is both learns what is final. What was
 * decided about a certificate counts for its stamped copies, which end by themselves as well.
 */
export function statusAt(
  decided: StatusWord,
  { validFrom, validUntil, stamp }: Pick<CertificateView, 'validFrom' | 'validUntil' | 'stamp'>,
  now: number,
): CertificateStatus {
  if (STATUS_CHANGES[decided].length === 0) return decided;
  const ends = [validUntil, stamp?.expiresAt].filter((end) => end !== undefined);
  if (ends.some((end) => now >= end)) return 'expired';
  if (decided === 'suspended') return 'suspended';
  return now < validFrom ? 'not-yet-valid' : 'valid';
}
