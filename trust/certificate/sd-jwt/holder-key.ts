import type { JWK } from 'jose';
import type { VerificationKey } from '../../jws.ts';
import { importPublicJwk, suiteOfKey } from '../../suites.ts';
import { type Claims, malformed } from './text.ts';

/**
 * The key whose holder a certificate is made out to: `cnf.jwk` (RFC 7800, RFC 9901, 4.1.2).
 *
 * @returns undefined when the certificate is bound to no key
 * @throws VerificationError CERTIFICATE_MALFORMED when it is not a public key of a suite
 */
export function holderKeyOf({ cnf }: Claims): Pick<VerificationKey, 'suite' | 'key'> | undefined {
  if (cnf === undefined) return undefined;
  const jwk = isObject(cnf) && isObject(cnf['jwk']) ? (cnf['jwk'] as JWK) : malformed('has a cnf without a jwk');
  if (!isPublicKey(jwk)) malformed('is bound to what is no public key of a suite');
  return { suite: suiteOfKey(jwk)!, key: importPublicJwk(jwk) };
}

/** Whether a value is a public JWK that a certificate can be made out to. */
export function isPublicKey(value: unknown): value is JWK {
  if (!isObject(value) || !suiteOfKey(value as JWK)) return false;
  try {
    importPublicJwk(value as JWK);
    return true;
  } catch {
    return false;
  }
}

/** Whether two public JWKs are the same key, whatever else they say. */
export function isSameKey(one: JWK, other: JWK): boolean {
  return (['kty', 'crv', 'x', 'y'] as const).every((name) => one[name] === other[name]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
