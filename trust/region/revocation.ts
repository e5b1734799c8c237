/** Why a key was revoked (OpenID Federation 1.1, historical keys). */
export const REVOCATION_REASONS = ['unspecified', 'compromised', 'superseded'] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];
