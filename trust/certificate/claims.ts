import {
  checkItemCode,
  checkRegionCode,
  checkSocialCreditCode,
  fields,
  type IdentityDocumentType,
  identifier,
  integer,
  optional,
  type Problem,
  parseCertificateIdentifier,
  type Rule,
  regionUrn,
  text,
  verifyCertificateIdentifier,
} from '#proto';
import { VerificationError } from '../errors.ts';
import type { CertificateContent } from './content.ts';
import type { Claims } from './sd-jwt.ts';
import { type StatusReference, statusReferenceRule } from './status/status-reference.ts';
import { type CertificateType, checkTypeCode, FIELD_KEY } from './types.ts';

/** What a certificate shows, after verification. Times in milliseconds; what the holder kept back is absent. */
export interface CertificateView {
  readonly identifier: string;
  readonly typeCode: string;
  readonly typeName: string;
  readonly number: string;
  readonly name: string;
  readonly region: string;
  readonly authority: { readonly name: string; readonly code: string };
  readonly holder: {
    readonly documentType: IdentityDocumentType;
    readonly name?: string;
    readonly number?: string;
  };
  readonly validFrom: number;
  readonly validUntil?: number;
  /** 颁发日期, `YYYY-MM-DD` in China. */
  readonly issuedOn: string;
  /** When it was signed. */
  readonly signedAt: number;
  readonly item: string;
  readonly caseNumber?: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Where the issuer publishes its status; absent when it publishes none. */
  readonly statusList?: StatusReference;
}

/** Disclosable names beside the type-specific keys; presentations and allow-lists use these names. */
export const HOLDER_NAME = 'certificate_holder_name';
export const HOLDER_NUMBER = 'certificate_holder_code';
export const CASE_NUMBER = 'related_case_number';

const ALWAYS_DISCLOSABLE: readonly string[] = [HOLDER_NAME, HOLDER_NUMBER, CASE_NUMBER];
const FIELD_PREFIX = 'field_';
/** Printed as the end of validity when there is none. */
const LONG_TERM = '长期';
const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** Codes of the holder's document (持证主体代码类型) as certificates carry them, with their Chinese names. */
const HOLDER_TYPES: Readonly<Record<IdentityDocumentType, readonly [code: string, name: string]>> = {
  'social-credit-code': ['001', '统一社会信用代码'],
  'citizen-number': ['111', '公民身份号码'],
  passport: ['414', '普通护照'],
  'taiwan-permit': ['511', '台湾居民来往大陆通行证'],
  'hongkong-macao-permit': ['516', '港澳居民来往内地通行证'],
  'foreign-permanent-residence': ['553', '外国人永久居留身份证'],
};

const DATE = text(10, { pattern: /^\d{4}-\d{2}-\d{2}$/, hint: 'must be a date YYYY-MM-DD' });
const SECONDS = integer(946_684_800, 7_258_118_400);

/** Every claim that is looked at, by the names of SD-JWT VC and of the certificate standards (GB/T 36901 to 36906). */
const CLAIMS: Readonly<Record<string, Rule>> = {
  iat: SECONDS,
  nbf: SECONDS,
  exp: optional(SECONDS),
  vct: text(200),
  certificate_type_name_code: identifier(checkTypeCode),
  certificate_type_name: text(100),
  certificate_number: text(100),
  certificate_name: text(200),
  certificate_area_code: identifier(checkRegionCode),
  certificate_issuing_authority_name: text(100),
  certificate_issuing_authority_code: identifier(checkSocialCreditCode),
  certificate_issuing_authority_date: DATE,
  certificate_validate_start: DATE,
  certificate_validate_end: text(10),
  certificate_holder_type: text(3),
  certificate_holder_type_name: text(50),
  [HOLDER_NAME]: optional(text(200)),
  [HOLDER_NUMBER]: optional(text(40)),
  related_item_code: identifier(checkItemCode),
  [CASE_NUMBER]: optional(text(64)),
  status: optional(fields({ status_list: statusReferenceRule })),
};
const FIELD = text(4000, { lines: true });

/** Writes a checked content as claims, and names those that the holder may keep back. */
export function writeClaims(
  content: CertificateContent,
  type: CertificateType,
  nowMs: number,
): { claims: Claims; disclosable: readonly string[] } {
  const nbf = Math.floor(content.validFrom / 1000);
  const exp = typeof content.validUntil === 'number' ? Math.floor(content.validUntil / 1000) : undefined;
  const [holderType, holderTypeName] = HOLDER_TYPES[content.holder.documentType];
  const claims: Claims = {
    iss: regionUrn(content.region),
    iat: Math.floor(nowMs / 1000),
    nbf,
    ...(exp === undefined ? {} : { exp }),
    vct: vctOf(type.code),
    certificate_identifier: content.identifier,
    certificate_type_name_code: type.code,
    certificate_type_name: type.name,
    certificate_number: content.number,
    certificate_name: content.name,
    certificate_area_code: content.region,
    certificate_issuing_authority_name: content.authority.name,
    certificate_issuing_authority_code: content.authority.code,
    certificate_issuing_authority_date: chinaDate(content.issuedAt),
    certificate_validate_start: chinaDate(nbf * 1000),
    certificate_validate_end: endOf(exp),
    certificate_holder_type: holderType,
    certificate_holder_type_name: holderTypeName,
    [HOLDER_NAME]: content.holder.name,
    [HOLDER_NUMBER]: content.holder.number,
    related_item_code: content.item,
    ...(typeof content.caseNumber === 'string' ? { [CASE_NUMBER]: content.caseNumber } : {}),
    ...(content.statusList ? { status: { status_list: content.statusList } } : {}),
    ...Object.fromEntries(Object.entries(content.fields).map(([key, value]) => [claimNameOf(key), value])),
  };
  const mayBeKept = [...ALWAYS_DISCLOSABLE, ...disclosableFields(type).map(claimNameOf)];
  return { claims, disclosable: mayBeKept.filter((name) => Object.hasOwn(claims, name)) };
}

/** Keys of a type's fields that the holder may keep back. */
export function disclosableFields(type: CertificateType): string[] {
  return type.fields.filter(({ disclosable }) => disclosable).map(({ key }) => key);
}

/**
 * Reads verified claims as a certificate of a region.
 *
 * @param disclosed names of the claims that came as disclosures
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, CERTIFICATE_IDENTIFIER, CERTIFICATE_ISSUER
 */
export function readClaims(claims: Claims, disclosed: readonly string[], region: string): CertificateView {
  demandDisclosable(disclosed);
  demandIdentifier(claims);
  demandRules(claims);
  const { iat, nbf, exp } = claims as { iat: number; nbf: number; exp?: number };
  const words = claims as Readonly<Record<string, string>>;
  const word = (name: string): string => words[`certificate_${name}`] as string;
  if (word('area_code') !== region)
    throw new VerificationError('CERTIFICATE_ISSUER', 'the certificate names another region than its issuer');
  demandConsistent(claims, nbf, exp);
  return {
    identifier: word('identifier'),
    typeCode: word('type_name_code'),
    typeName: word('type_name'),
    number: word('number'),
    name: word('name'),
    region,
    authority: { name: word('issuing_authority_name'), code: word('issuing_authority_code') },
    holder: {
      documentType: documentTypeOf(word('holder_type')),
      ...named('name', claims[HOLDER_NAME]),
      ...named('number', claims[HOLDER_NUMBER]),
    },
    validFrom: nbf * 1000,
    ...(exp === undefined ? {} : { validUntil: exp * 1000 }),
    issuedOn: word('issuing_authority_date'),
    signedAt: iat * 1000,
    item: words['related_item_code'] as string,
    ...named('caseNumber', claims[CASE_NUMBER]),
    fields: Object.fromEntries(
      Object.entries(words).flatMap(([name, value]) => (isFieldClaim(name) ? [[fieldNameOf(name), value]] : [])),
    ),
    ...statusListOf(claims),
  };
}

/** Claim behind a name that people and allow-lists use; the inverse of {@link fieldNameOf}. */
export function claimNameOf(field: string): string {
  return ALWAYS_DISCLOSABLE.includes(field) ? field : FIELD_PREFIX + field;
}

/** Name that people and allow-lists use for a claim: type-specific fields without their prefix. */
export function fieldNameOf(claim: string): string {
  return claim.startsWith(FIELD_PREFIX) ? claim.slice(FIELD_PREFIX.length) : claim;
}

/** Validity, issuer, type and identifier must stand open: a holder who hides them would change what they mean. */
function demandDisclosable(disclosed: readonly string[]): void {
  if (!disclosed.every((name) => ALWAYS_DISCLOSABLE.includes(name) || isFieldClaim(name)))
    throw new VerificationError('CERTIFICATE_DISCLOSURE', 'a claim that must always be visible came as a disclosure');
}

function demandIdentifier(claims: Claims): void {
  const { certificate_identifier: text } = claims;
  const checked = typeof text === 'string' ? verifyCertificateIdentifier(text) : undefined;
  if (!checked?.ok)
    throw new VerificationError(
      'CERTIFICATE_IDENTIFIER',
      `the certificate identifier ${checked?.reason ?? 'is absent'}`,
    );
  const parsed = parseCertificateIdentifier(text as string);
  const fits =
    parsed.ok &&
    parsed.value.typeCode === claims['certificate_type_name_code'] &&
    parsed.value.issuerCode === claims['certificate_issuing_authority_code'];
  if (!fits)
    throw new VerificationError('CERTIFICATE_IDENTIFIER', 'the identifier is one of another type or another authority');
}

function demandRules(claims: Claims): void {
  const problems: Problem[] = [];
  for (const [name, rule] of Object.entries(CLAIMS)) rule(claims[name], `/${name}`, problems);
  for (const [name, value] of Object.entries(claims)) {
    if (!name.startsWith(FIELD_PREFIX)) continue;
    if (isFieldClaim(name)) FIELD(value, `/${name}`, problems);
    else problems.push({ pointer: '', code: 'FORMAT', message: 'has a field whose name is not allowed' });
  }
  if (problems.length > 0)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate has wrong claims', problems);
}

/** What is printed must say the same as what is checked. */
function demandConsistent(claims: Claims, nbf: number, exp: number | undefined): void {
  const good =
    claims['vct'] === vctOf(claims['certificate_type_name_code'] as string) &&
    claims['certificate_validate_start'] === chinaDate(nbf * 1000) &&
    claims['certificate_validate_end'] === endOf(exp) &&
    (exp === undefined || exp > nbf);
  if (!good) malformed('the type or the validity of the certificate contradicts itself');
}

function statusListOf({ status }: Claims): Pick<CertificateView, 'statusList'> {
  return status ? { statusList: (status as { status_list: StatusReference }).status_list } : {};
}

function documentTypeOf(code: string): IdentityDocumentType {
  const found = Object.entries(HOLDER_TYPES).find(([, [candidate]]) => candidate === code);
  return found ? (found[0] as IdentityDocumentType) : malformed('the kind of document of the holder is not known');
}

function isFieldClaim(name: string): boolean {
  return name.startsWith(FIELD_PREFIX) && FIELD_KEY.test(name.slice(FIELD_PREFIX.length));
}

function named(name: string, value: unknown): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {};
}

/** Type of the credential (SD-JWT VC, `vct`). */
function vctOf(typeCode: string): string {
  return `urn:tongban:certificate:${typeCode}`;
}

/** The last day of validity; `exp` itself is the first moment after it. */
function endOf(exp: number | undefined): string {
  return exp === undefined ? LONG_TERM : chinaDate(exp * 1000 - 1);
}

function chinaDate(ms: number): string {
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 10);
}

function malformed(detail: string): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', detail);
}
