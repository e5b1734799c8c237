import {
  absentOr,
  checkItemCode,
  checkRegionCode,
  fields,
  identifier,
  integer,
  list,
  type Problem,
  type Rule,
  readCertificateIdentifier,
  text,
} from '#proto';
import { VerificationError } from '../errors.ts';
import { chinaDate, chinaTime, lastDayOf, readChinaTime } from './china-time.ts';
import {
  ALWAYS_CONCEALABLE,
  CASE_NUMBER,
  fieldOfClaim,
  HOLDER_NAME,
  HOLDER_NUMBER,
  isFieldClaim,
  isFieldName,
  isFieldPattern,
  OTHER_HOLDERS,
  patternAt,
  vctOf,
} from './claim-names.ts';
import { MAX_OTHER_HOLDERS } from './content.ts';
import type { Claims } from './sd-jwt/text.ts';
import { statusReferenceRule } from './status/status-reference.ts';
import type { CertificateType, CertificateTypes } from './types/types.ts';
import { anyValuesRule, type FieldValues } from './types/values.ts';
import type { CertificateView } from './view.ts';
import { viewOf } from './view-claims.ts';

const DATE = text(10, { pattern: /^\d{4}-\d{2}-\d{2}$/, hint: 'must be a date YYYY-MM-DD' });
const SECONDS = integer(946_684_800, 7_258_118_400);
const INSTANT: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || Number.isNaN(readChinaTime(value)))
    problems.push({ pointer, code: 'FORMAT', message: 'must be a moment YYYY-MM-DDThh:mm:ss+08:00' });
};
const DIGEST = text(43, { min: 43, pattern: /^[\w-]{42}[AEIMQUYcgkosw048]$/, hint: 'must be a SHA-256 in base64url' });
const HOLDER = {
  certificate_holder_type: text(3),
  certificate_holder_type_name: text(50),
  [HOLDER_NAME]: absentOr(text(200)),
  [HOLDER_NUMBER]: absentOr(text(40)),
};

/** Every claim that is looked at, beside the fields of the type, and what the identifier proves by its parts. */
const CLAIMS = listed({
  iat: SECONDS,
  nbf: SECONDS,
  exp: absentOr(SECONDS),
  'vct#integrity': absentOr(text(100)),
  certificate_type_name: text(100),
  certificate_version: absentOr(text(3)),
  certificate_define_authority_name: absentOr(text(100)),
  certificate_define_authority_code: absentOr(text(18)),
  certificate_number: text(100),
  certificate_name: text(200),
  certificate_area_code: identifier(checkRegionCode),
  certificate_issuing_authority_name: text(100),
  certificate_issuing_authority_date: DATE,
  certificate_validate_start: DATE,
  certificate_validate_end: text(10),
  ...HOLDER,
  [OTHER_HOLDERS]: absentOr(list(fields(HOLDER), MAX_OTHER_HOLDERS)),
  related_item_code: identifier(checkItemCode),
  [CASE_NUMBER]: absentOr(text(64)),
  status: absentOr(fields({ status_list: statusReferenceRule })),
});

/** Claims of a stamped copy (加注件): all of them or none. */
const STAMP = listed({
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
    const isGood = type
      ? type.concealableClaims.has(pattern)
      : ALWAYS_CONCEALABLE.has(pattern) || isFieldPattern(pattern);
    if (!isGood)
      throw new VerificationError('CERTIFICATE_DISCLOSURE', 'a claim that must always be visible came as a disclosure');
  }
}

/** @returns the version that the identifier names */
function demandIdentifier(claims: Claims, typeCode: string): string {
  const { certificate_identifier: text } = claims;
  const read = typeof text === 'string' ? readCertificateIdentifier(text) : undefined;
  if (!read?.ok)
    throw new VerificationError('CERTIFICATE_IDENTIFIER', `the certificate identifier ${read?.reason ?? 'is absent'}`);
  if (read.value.typeCode !== typeCode || read.value.issuerCode !== claims['certificate_issuing_authority_code'])
    throw new VerificationError('CERTIFICATE_IDENTIFIER', 'the identifier is one of another type or another authority');
  return read.value.version;
}

function demandRules(claims: Claims): void {
  const problems: Problem[] = [];
  for (const { name, pointer, rule } of CLAIMS) rule(claims[name], pointer, problems);
  if (STAMP.some(({ name }) => claims[name] !== undefined))
    for (const { name, pointer, rule } of STAMP) rule(claims[name], pointer, problems);
  if (problems.length > 0)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate has wrong claims', problems);
}

/** The fields of the type, in its order: by its definition if it is the issuer's, else by what any definition allows. */
function demandFields(claims: Claims, type: CertificateType | undefined): FieldValues {
  const fields: Record<string, unknown> = {};
  for (const [claim, name] of type?.fieldNames ?? []) if (Object.hasOwn(claims, claim)) fields[name] = claims[claim];
  for (const claim of Object.keys(claims))
    if (isFieldClaim(claim) && !type?.fieldNames.has(claim)) fields[demandFieldName(claim)] = claims[claim];
  const problems: Problem[] = [];
  (type?.shown ?? anyValuesRule)(fields, '', problems);
  if (problems.length > 0)
    throw type
      ? new VerificationError('CERTIFICATE_TYPE', 'the fields contradict the definition of the type', problems)
      : new VerificationError('CERTIFICATE_MALFORMED', 'the certificate has wrong fields', problems);
  return fields as FieldValues;
}

function demandFieldName(claim: string): string {
  const name = fieldOfClaim(claim);
  return isFieldName(name) ? name : malformed('the certificate has a field whose name is not allowed');
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

function listed(rules: Readonly<Record<string, Rule>>) {
  return Object.entries(rules).map(([name, rule]) => ({ name, pointer: `/${name}`, rule }));
}

function malformed(detail: string): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', detail);
}
