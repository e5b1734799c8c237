import type { JWK } from 'jose';
import {
  checkItemCode,
  checkRegionCode,
  fields,
  identifier,
  integer,
  list,
  optional,
  type Problem,
  parseCertificateIdentifier,
  type Rule,
  text,
  verifyCertificateIdentifier,
} from '#proto';
import { VerificationError } from '../errors.ts';
import { chinaDate, chinaTime, lastDayOf, readChinaTime } from './china-time.ts';
import {
  ALWAYS_CONCEALABLE,
  CASE_NUMBER,
  documentTypeOf,
  fieldOfClaim,
  fieldPattern,
  HOLDER_NAME,
  HOLDER_NUMBER,
  isFieldName,
  OTHER_HOLDERS,
  patternAt,
  vctOf,
} from './claim-names.ts';
import { MAX_OTHER_HOLDERS } from './content.ts';
import { holderKeyOf } from './sd-jwt/holder-key.ts';
import type { Claims } from './sd-jwt/text.ts';
import { type StatusReference, statusReferenceRule } from './status/status-reference.ts';
import type { CertificateType, CertificateTypes } from './types/types.ts';
import { anyValuesRule, type FieldValues } from './types/values.ts';
import type { CertificateView, ShownHolder, ShownStamp } from './view.ts';

const DATE = text(10, { pattern: /^\d{4}-\d{2}-\d{2}$/, hint: 'must be a date YYYY-MM-DD' });
const SECONDS = integer(946_684_800, 7_258_118_400);
const INSTANT: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || Number.isNaN(readChinaTime(value)))
    problems.push({ pointer, code: 'FORMAT', message: 'must be a moment YYYY-MM-DDThh:mm:ss+08:00' });
};
const DIGEST = text(43, { min: 43, pattern: /^[\w-]+$/, hint: 'must be a SHA-256 in base64url' });
const HOLDER = {
  certificate_holder_type: text(3),
  certificate_holder_type_name: text(50),
  [HOLDER_NAME]: optional(text(200)),
  [HOLDER_NUMBER]: optional(text(40)),
};

/** Every claim that is looked at, beside the fields of the type, and what the identifier proves by its parts. */
const CLAIMS = Object.entries<Rule>({
  iat: SECONDS,
  nbf: SECONDS,
  exp: optional(SECONDS),
  'vct#integrity': optional(text(100)),
  certificate_type_name: text(100),
  certificate_version: optional(text(3)),
  certificate_define_authority_name: optional(text(100)),
  certificate_define_authority_code: optional(text(18)),
  certificate_number: text(100),
  certificate_name: text(200),
  certificate_area_code: identifier(checkRegionCode),
  certificate_issuing_authority_name: text(100),
  certificate_issuing_authority_date: DATE,
  certificate_validate_start: DATE,
  certificate_validate_end: text(10),
  ...HOLDER,
  [OTHER_HOLDERS]: optional(list(fields(HOLDER), MAX_OTHER_HOLDERS)),
  related_item_code: identifier(checkItemCode),
  [CASE_NUMBER]: optional(text(64)),
  status: optional(fields({ status_list: statusReferenceRule })),
});

/** Claims of a stamped copy (加注件): all of them or none. */
const STAMP = Object.entries<Rule>({
  certificate_copy_of: DIGEST,
  certificate_copy_creation_time: INSTANT,
  certificate_copy_creator: text(100),
  certificate_copy_cause: text(500),
  certificate_copy_expiring_time: INSTANT,
});

/** A certificate that was read, and whether the definition of its type is the one that its issuer used. */
export interface ReadCertificate {
  readonly certificate: CertificateView;
  readonly definition: 'known' | 'unknown';
}

/**
 * Reads verified claims as a certificate of a region.
 *
 * @param disclosed pointers of what came as disclosures
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE, CERTIFICATE_IDENTIFIER, CERTIFICATE_TYPE,
 *   CERTIFICATE_ISSUER
 */
export function readClaims(
  claims: Claims,
  disclosed: readonly string[],
  region: string,
  types: CertificateTypes,
): ReadCertificate {
  const typeCode = demandType(claims);
  const defined = types.get(typeCode);
  // Another definition under the same code may say something else: it judges nothing then.
  const type = defined?.integrity === claims['vct#integrity'] ? defined : undefined;
  demandConcealable(disclosed, type);
  const version = demandIdentifier(claims, typeCode);
  demandRules(claims);
  const values = demandFields(claims, type);
  demandConsistent(claims, typeCode, version);
  if (claims['certificate_area_code'] !== region)
    throw new VerificationError('CERTIFICATE_ISSUER', 'the certificate names another region than its issuer');
  return {
    certificate: viewOf(claims, { region, typeCode, version, fields: values }),
    definition: type ? 'known' : 'unknown',
  };
}

function viewOf(
  claims: Claims,
  known: Pick<CertificateView, 'region' | 'typeCode' | 'version' | 'fields'>,
): CertificateView {
  const { iat, nbf, exp } = claims as { iat: number; nbf: number; exp?: number };
  const word = (name: string): string => claims[`certificate_${name}`] as string;
  const others = claims[OTHER_HOLDERS] as readonly Claims[] | undefined;
  const status = claims['status'] as { status_list: StatusReference } | undefined;
  return {
    identifier: word('identifier'),
    typeCode: known.typeCode,
    typeName: word('type_name'),
    version: known.version,
    definedBy: { code: known.typeCode.slice(0, 18), ...named('name', word('define_authority_name')) },
    number: word('number'),
    name: word('name'),
    region: known.region,
    authority: { name: word('issuing_authority_name'), code: word('issuing_authority_code') },
    holder: holderOf(claims),
    ...(others && { otherHolders: others.map(holderOf) }),
    ...(holderKeyOf(claims) && { holderKey: (claims['cnf'] as { jwk: JWK }).jwk }),
    validFrom: nbf * 1000,
    ...(exp !== undefined && { validUntil: exp * 1000 }),
    issuedOn: word('issuing_authority_date'),
    signedAt: iat * 1000,
    item: claims['related_item_code'] as string,
    ...named('caseNumber', claims[CASE_NUMBER]),
    fields: known.fields,
    ...(status && { statusList: status.status_list }),
    ...stampOf(claims),
  };
}

function holderOf(claims: Claims): ShownHolder {
  const documentType =
    documentTypeOf(claims['certificate_holder_type'] as string) ??
    malformed('the kind of document of a holder is not known');
  return { documentType, ...named('name', claims[HOLDER_NAME]), ...named('number', claims[HOLDER_NUMBER]) };
}

function stampOf(claims: Claims): { stamp?: ShownStamp } {
  const word = (name: string): string => claims[`certificate_copy_${name}`] as string;
  if (claims['certificate_copy_of'] === undefined) return {};
  return {
    stamp: {
      of: word('of'),
      createdAt: readChinaTime(word('creation_time')),
      creator: word('creator'),
      cause: word('cause'),
      expiresAt: readChinaTime(word('expiring_time')),
    },
  };
}

/** The type code, which `vct` names once more. */
function demandType({ vct, certificate_type_name_code: code }: Claims): string {
  if (typeof code !== 'string') return malformed('the certificate has no type code');
  if (vct !== vctOf(code))
    throw new VerificationError('CERTIFICATE_TYPE', 'the certificate is of another type than its vct');
  return code;
}

/** What identifies, dates and types a certificate must stand open: a holder who hides it would change what it means. */
function demandConcealable(disclosed: readonly string[], type: CertificateType | undefined): void {
  for (const pointer of disclosed) {
    const pattern = patternAt(pointer);
    const field = fieldPattern(pattern);
    const isGood = field === undefined ? ALWAYS_CONCEALABLE.has(pattern) : !type || type.concealable.has(field);
    if (!isGood)
      throw new VerificationError('CERTIFICATE_DISCLOSURE', 'a claim that must always be visible came as a disclosure');
  }
}

/** @returns the version that the identifier names */
function demandIdentifier(claims: Claims, typeCode: string): string {
  const { certificate_identifier: text } = claims;
  const checked = typeof text === 'string' ? verifyCertificateIdentifier(text) : undefined;
  if (!checked?.ok)
    throw new VerificationError(
      'CERTIFICATE_IDENTIFIER',
      `the certificate identifier ${checked?.reason ?? 'is absent'}`,
    );
  const parsed = parseCertificateIdentifier(text as string);
  if (
    !parsed.ok ||
    parsed.value.typeCode !== typeCode ||
    parsed.value.issuerCode !== claims['certificate_issuing_authority_code']
  )
    throw new VerificationError('CERTIFICATE_IDENTIFIER', 'the identifier is one of another type or another authority');
  return parsed.value.version;
}

function demandRules(claims: Claims): void {
  const problems: Problem[] = [];
  for (const [name, rule] of CLAIMS) rule(claims[name], `/${name}`, problems);
  if (STAMP.some(([name]) => claims[name] !== undefined))
    for (const [name, rule] of STAMP) rule(claims[name], `/${name}`, problems);
  if (problems.length > 0)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate has wrong claims', problems);
}

/** The fields of the type: by its definition if it is the issuer's, else by what any definition allows. */
function demandFields(claims: Claims, type: CertificateType | undefined): FieldValues {
  const fields: Record<string, unknown> = {};
  for (const claim of Object.keys(claims)) {
    const name = fieldOfClaim(claim);
    if (name === undefined) continue;
    if (!isFieldName(name)) malformed('the certificate has a field whose name is not allowed');
    fields[name] = claims[claim];
  }
  const problems: Problem[] = [];
  (type?.shown ?? anyValuesRule)(fields, '', problems);
  if (problems.length > 0)
    throw type
      ? new VerificationError('CERTIFICATE_TYPE', 'the fields contradict the definition of the type', problems)
      : new VerificationError('CERTIFICATE_MALFORMED', 'the certificate has wrong fields', problems);
  return fields as FieldValues;
}

/** What is printed must say the same as what is checked. */
function demandConsistent(claims: Claims, typeCode: string, version: string): void {
  const { iat, nbf, exp } = claims as { iat: number; nbf: number; exp?: number };
  const same = (name: string, value: string) => claims[name] === undefined || claims[name] === value;
  const isGood =
    claims['certificate_validate_start'] === chinaDate(nbf * 1000) &&
    claims['certificate_validate_end'] === lastDayOf(exp === undefined ? undefined : exp * 1000) &&
    (exp === undefined || exp > nbf) &&
    same('certificate_version', version) &&
    same('certificate_define_authority_code', typeCode.slice(0, 18)) &&
    (claims['certificate_copy_creation_time'] ?? '') === (claims['certificate_copy_of'] ? chinaTime(iat * 1000) : '');
  if (!isGood) malformed('the type, the version or the validity of the certificate contradicts itself');
}

function named(name: string, value: unknown): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {};
}

function malformed(detail: string): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', detail);
}
