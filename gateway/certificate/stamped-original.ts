import type { VerifiedCertificate } from '#trust';

/** Digest of the certificate that a verified one is, or is a stamped copy (加注件) of. */
export function originalDigest({ digest, certificate }: Pick<VerifiedCertificate, 'digest' | 'certificate'>): Buffer {
  return certificate.stamp ? Buffer.from(certificate.stamp.of, 'base64url') : digest;
}
