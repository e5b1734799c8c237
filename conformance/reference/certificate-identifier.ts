import { creditCode } from './shape.ts';
import { demand } from './wire.ts';

/** The identifier of a certificate (电子证照标识) of proto/README.md. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const IDENTIFIER = /^1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{18})\.([0-9A-Z]{1,64})\.(\d{3})\.([0-9A-Z])$/;

export interface CertificateIdentifier {
  readonly typeCode: string;
  readonly authority: string;
  readonly version: string;
}

/** Social credit code of the authority that defines the type, and a number. */
export function typeCode(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9A-Z]{18}\d{3}$/.test(value) && creditCode(value.slice(0, 18));
}

/** @throws Refused CERTIFICATE_IDENTIFIER */
export function readIdentifier(text: string): CertificateIdentifier {
  const [, type = '', authority = '', serial, version = '', check] = IDENTIFIER.exec(text) ?? [];
  const code = 'CERTIFICATE_IDENTIFIER';
  demand(serial !== undefined, code, 'not the parts of a certificate identifier');
  demand(typeCode(type) && creditCode(authority), code, 'a code in the identifier has a wrong check character');
  const digits = `${type}${authority}${serial}${version}`;
  demand(checkCharacter(digits) === check, code, 'the identifier has a wrong check character');
  return { typeCode: type, authority, version };
}

/** ISO 7064 MOD 37,36 (hybrid system). */
function checkCharacter(text: string): string | undefined {
  let product = 36;
  for (const one of text) {
    const sum = (product + ALPHABET.indexOf(one)) % 36 || 36;
    product = (sum * 2) % 37;
  }
  return ALPHABET[(37 - product) % 36];
}
