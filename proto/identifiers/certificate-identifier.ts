import { type Check, type Checked, failed, passed } from './check.ts';
import { mod37Radix36 } from './iso7064.ts';
import { checkSocialCreditCode } from './social-credit-code.ts';

const PREFIX = '1.2.156.3005.2.';
const FORM = /^1\.2\.156\.3005\.2\.[0-9A-Z]{18}[0-9]{3}\.[0-9A-Z]{18}\.[0-9A-Z]{1,64}\.[0-9]{3}\.[0-9A-Z]$/;
const CHARACTERS = /^[0-9A-Z.]+$/;
/** The serial has no length of its own in practice; a bound keeps identifiers storable and printable. */
const MAX_SERIAL_LENGTH = 64;

/** The parts an issuer chooses (GB/T 36904 as used in practice). */
export interface CertificateIdentifierParts {
  /** 证照类型代码: social credit code of the defining authority 18, number of the type 3 */
  typeCode: string;
  /** 颁发机构代码: social credit code of the issuing authority 18 */
  issuerCode: string;
  /** 流水号: digits and capital letters */
  serial: string;
  /** 版本号: three digits */
  version: string;
}

/** All that stands in an identifier after the prefix. */
export interface CertificateIdentifier extends CertificateIdentifierParts {
  /** 校验位: ISO 7064 MOD 37,36 over the parts before it without dots */
  checkCharacter: string;
}

/** Makes the certificate identifier (电子证照标识) of a new certificate, or says which part is wrong. */
export function mintCertificateIdentifier(parts: CertificateIdentifierParts): Checked<string> {
  const good = checkParts(parts);
  if (!good.ok) return good;
  return { ok: true, value: formatCertificateIdentifier({ ...parts, checkCharacter: checkCharacterOf(parts) }) };
}

/**
 * Verifies a whole certificate identifier: form, length of the parts, both social credit codes, check character.
 * Real certificates deviate: refuse with it what is minted here, only flag what comes from others.
 */
export function verifyCertificateIdentifier(text: string): Check {
  const read = readCertificateIdentifier(text);
  return read.ok ? passed : read;
}

/** The parts of an identifier that {@link verifyCertificateIdentifier} finds good. */
export function readCertificateIdentifier(text: string): Checked<CertificateIdentifier> {
  // A good one is known by its places; of any other its parts tell what is wrong.
  const value = FORM.test(text) ? partsAtPlaces(text) : undefined;
  if (value && hasGoodChecks(value)) return { ok: true, value };
  const parsed = parseCertificateIdentifier(text);
  if (!parsed.ok) return parsed;
  const good = checkParts(parsed.value);
  if (!good.ok) return good;
  if (checkCharacterOf(parsed.value) !== parsed.value.checkCharacter) {
    return failed('has a check character that does not fit; a character is mistyped');
  }
  return parsed;
}

/** Splits an identifier into its parts. Demands only prefix, five parts and their alphabet; see {@link verifyCertificateIdentifier}. */
export function parseCertificateIdentifier(text: string): Checked<CertificateIdentifier> {
  if (!text.startsWith(PREFIX)) return failed(`must begin with ${PREFIX}`);
  const pieces = text.slice(PREFIX.length).split('.');
  const [typeCode, issuerCode, serial, version, checkCharacter] = pieces;
  if (pieces.length !== 5 || !typeCode || !issuerCode || !serial || !version || !checkCharacter) {
    return failed('must have five parts after the prefix: type, issuer, serial, version, check character');
  }
  if (!CHARACTERS.test(text)) {
    return failed('must have parts of digits and capital letters only');
  }
  return { ok: true, value: { typeCode, issuerCode, serial, version, checkCharacter } };
}

/** Whether an identifier that is good names this type and this issuing authority. */
export function isIdentifierOf(text: string, typeCode: string, issuerCode: string): boolean {
  return text.startsWith(`${PREFIX}${typeCode}.${issuerCode}.`);
}

/** Writes an identifier as text; the inverse of {@link parseCertificateIdentifier}. Checks nothing. */
export function formatCertificateIdentifier(identifier: CertificateIdentifier): string {
  const { typeCode, issuerCode, serial, version, checkCharacter } = identifier;
  return PREFIX + [typeCode, issuerCode, serial, version, checkCharacter].join('.');
}

function partsAtPlaces(text: string): CertificateIdentifier {
  return {
    typeCode: text.slice(15, 36),
    issuerCode: text.slice(37, 55),
    serial: text.slice(56, -6),
    version: text.slice(-5, -2),
    checkCharacter: text.slice(-1),
  };
}

function hasGoodChecks(value: CertificateIdentifier): boolean {
  return (
    checkSocialCreditCode(value.typeCode.slice(0, 18)).ok &&
    checkSocialCreditCode(value.issuerCode).ok &&
    checkCharacterOf(value) === value.checkCharacter
  );
}

function checkParts({ typeCode, issuerCode, serial, version }: CertificateIdentifierParts): Check {
  if (!/^[0-9A-Z]{18}[0-9]{3}$/.test(typeCode)) return failed('type must be a social credit code and three digits');
  const definer = checkSocialCreditCode(typeCode.slice(0, 18));
  if (!definer.ok) return failed(`type: the defining authority's social credit code ${definer.reason}`);
  const issuer = checkSocialCreditCode(issuerCode);
  if (!issuer.ok) return failed(`issuer: the social credit code ${issuer.reason}`);
  if (!/^[0-9A-Z]+$/.test(serial)) return failed('serial must consist of digits and capital letters');
  if (serial.length > MAX_SERIAL_LENGTH) return failed(`serial must be at most ${MAX_SERIAL_LENGTH} characters`);
  if (!/^[0-9]{3}$/.test(version)) return failed('version must be three digits');
  return passed;
}

function checkCharacterOf({ typeCode, issuerCode, serial, version }: CertificateIdentifierParts): string {
  return mod37Radix36(typeCode + issuerCode + serial + version);
}
