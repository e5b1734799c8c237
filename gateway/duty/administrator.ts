/**
 * Administrators (三员, GB/T 22239-2019, 8.1.5): of the system, of its security, and of its audit. No person holds two of
 * these, and no role may do everything.
 */
export const ADMINISTRATORS = ['sysadmin', 'secadmin', 'auditor'] as const;
export type AdministratorRole = (typeof ADMINISTRATORS)[number];

/** By what an administrator proves who he is, beyond his token: a one-time code (动态口令), or a client certificate (客户端证书). */
export const SECOND_FACTORS = ['otp', 'certificate'] as const;
export type SecondFactor = (typeof SECOND_FACTORS)[number];

/** Whether a role is one of the administrators. */
export function isAdministrator(role: string): role is AdministratorRole {
  return (ADMINISTRATORS as readonly string[]).includes(role);
}

/**
 * Whom a token of an administrator is for that is no person's: the machine itself, by its key. Undefined for other roles.
 */
export function localSubject(role: string): string | undefined {
  return isAdministrator(role) ? `local-${role}` : undefined;
}

/** What a subject of the region's own sign-on (统一身份认证) begins with: no token of the local key is for such a one. */
export const SIGN_ON_PREFIX = 'oidc:';
