import { type VerificationKey, verifyOpenJws } from '../../jws.ts';
import { hashNameOf } from './hash-name.ts';
import { type ProcessedPayload, processPayload } from './payload.ts';
import { asMalformed, malformed, type OpenSdJwt } from './text.ts';

/** An SD-JWT that was verified, except its validity in time and its key binding, which are for the caller to judge. */
export interface VerifiedSdJwt extends ProcessedPayload {
  readonly kid: string;
}

/**
 * Verifies an SD-JWT that was read, by every step of RFC 9901, 7.1, but the last.
 *
 * @param keyOf the issuer's trusted key of a kid; undefined when it is not trusted
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, TYP_MISMATCH, KEY_UNKNOWN,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID, or what `keyOf` throws
 */
export function verifySdJwt(
  { issued, disclosures }: OpenSdJwt,
  typ: string,
  keyOf: (kid: string) => VerificationKey | undefined,
): VerifiedSdJwt {
  let trusted: VerificationKey | undefined;
  const { kid, payload } = asMalformed(() =>
    verifyOpenJws(issued, typ, (named) => {
      trusted = keyOf(named);
      return trusted;
    }),
  );
  const { hashName } = trusted!.suite;
  const isNamed = hashNameOf(payload) === hashName;
  // A name is never wrong; it may be left out where it would be the default, or where there is nothing to hash.
  if (!isNamed && Object.hasOwn(payload, '_sd_alg')) malformed(`names another hash than its key has, ${hashName}`);
  const { claims, disclosed, places, digests } = processPayload(payload, disclosures, hashName);
  if (!isNamed && digests > 0) malformed(`does not name the hash of its digests, ${hashName}`);
  return { claims, disclosed, places, digests, kid };
}
