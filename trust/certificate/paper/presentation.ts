import { presentCertificate } from '../certificate.ts';
import { CASE_NUMBER, HOLDER_NAME, HOLDER_NUMBER, nameAt, OTHER_HOLDERS } from '../claim-names.ts';
import { disclosedIn } from '../sd-jwt/present.ts';
import { readSdJwt } from '../sd-jwt/text.ts';
import type { CertificateTypes } from '../types/types.ts';
import { packed } from './paper.ts';

/** A certificate as it goes on paper. */
export interface PaperPresentation {
  /** Text of the QR code. */
  readonly qr: string;
  /** What would not fit: `certificate_holder_name`, `certificate_other_holders`, names of fields. */
  readonly left: readonly string[];
}

/**
 * Chooses what of a certificate goes on paper: name and number of the holder, then the other holders, then the fields in
 * the order in which the type shows them (照面信息), each whole or not at all, as many as fit. The case number stays off:
 * it says nothing to whoever reads the paper.
 *
 * @param text a certificate or a presentation of it
 * @param maxLength characters of the QR code
 * @returns undefined when not even what must stand open fits
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function paperPresentation(
  text: string,
  { types, maxLength }: { readonly types: CertificateTypes; readonly maxLength: number },
): PaperPresentation | undefined {
  const fitted = (fields: readonly string[]): string | undefined => {
    const qr = packed(presentCertificate(text, fields));
    return qr !== undefined && qr.length <= maxLength ? qr : undefined;
  };
  let shown: readonly string[] = [];
  let qr = fitted(shown);
  if (qr === undefined) return undefined;
  const left: string[] = [];
  for (const [name, fields] of faceOf(text, types)) {
    const more = fitted([...shown, ...fields]);
    if (more === undefined) left.push(name);
    else [qr, shown] = [more, [...shown, ...fields]];
  }
  return { qr, left };
}

/** What a text discloses of each thing on its face, in order. */
function faceOf(text: string, types: CertificateTypes): Map<string, string[]> {
  const type = types.get(String(readSdJwt(text).issued.payload['certificate_type_name_code']));
  const order = [HOLDER_NAME, HOLDER_NUMBER, OTHER_HOLDERS, ...(type?.claims.map(({ path }) => String(path[0])) ?? [])];
  const face = new Map<string, string[]>(order.map((name) => [name, []]));
  for (const field of disclosedIn(text).map(nameAt)) {
    const name = field.split('/', 1)[0]!;
    face.set(name, [...(face.get(name) ?? []), field]);
  }
  face.delete(CASE_NUMBER);
  return new Map([...face].filter(([, fields]) => fields.length > 0));
}
