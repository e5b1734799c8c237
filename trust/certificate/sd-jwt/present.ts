import { VerificationError } from '../../errors.ts';
import { hashNameOf } from './hash-name.ts';
import { processPayload } from './payload.ts';
import { readSdJwt, writeSdJwt } from './text.ts';

/**
 * Makes a presentation with fewer disclosures (RFC 9901, 7.2), without a key binding that the text may have had. The
 * signature is not verified; that the disclosures belong to the JWT is.
 *
 * @param keep pointers as in `VerifiedSdJwt.disclosed`: each stays with all that is disclosed within it, and with all
 *   around it that must be disclosed so that it can be seen
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE (also for a pointer that is not disclosed)
 */
export function presentSdJwt(text: string, keep: readonly string[]): string {
  const { jwt, issued, disclosures } = readSdJwt(text);
  const { disclosed } = processPayload(issued.payload, disclosures, hashNameOf(issued.payload));
  const absent = keep.find((pointer) => !disclosed.includes(pointer));
  if (absent !== undefined)
    throw new VerificationError('CERTIFICATE_DISCLOSURE', 'there is no such disclosure to present');
  const stays = (pointer: string) => keep.some((kept) => isWithin(pointer, kept) || isWithin(kept, pointer));
  return writeSdJwt(
    jwt,
    disclosures.filter((_, index) => stays(disclosed[index]!)),
  );
}

/**
 * Pointers of what a text discloses, without trusting it.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function disclosedIn(text: string): readonly string[] {
  const { issued, disclosures } = readSdJwt(text);
  return processPayload(issued.payload, disclosures, hashNameOf(issued.payload)).disclosed;
}

function isWithin(pointer: string, outer: string): boolean {
  return pointer === outer || pointer.startsWith(`${outer}/`);
}
