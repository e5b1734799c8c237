import { parseCertificateIdentifier, regionUrn } from '#proto';
import { chinaDate, lastDayOf } from './china-time.ts';
import {
  ALWAYS_CONCEALABLE,
  CASE_NUMBER,
  fieldClaim,
  HOLDER_NAME,
  HOLDER_NUMBER,
  holderTypeOf,
  OTHER_HOLDERS,
  vctOf,
} from './claim-names.ts';
import type { CertificateContent, CertificateHolder } from './content.ts';
import type { Concealment } from './sd-jwt/issue.ts';
import type { Claims } from './sd-jwt/text.ts';
import type { CertificateType } from './types/types.ts';

const ALWAYS = [...ALWAYS_CONCEALABLE].map((pattern) => pattern.slice(1).split('/'));

/** Writes a checked content as claims, and says which of them the holder may keep back. */
export function writeClaims(
  content: CertificateContent,
  type: CertificateType,
  nowMs: number,
): Concealment & { readonly claims: Claims } {
  const claims = claimsOf(content, type, nowMs);
  const disclosable: string[] = [];
  let absent = 0;
  for (const steps of ALWAYS) addPlaces(disclosable, '', claims, steps);
  for (const steps of type.concealableSteps) {
    const before = disclosable.length;
    addPlaces(disclosable, '', claims, steps);
    if (steps.length === 1 && disclosable.length === before) absent += 1;
  }
  // A decoy for each absent field: the number of digests does not tell which fields were filled in.
  return { claims, disclosable, ...(absent > 0 && { decoys: { '': absent } }) };
}

function claimsOf(content: CertificateContent, type: CertificateType, nowMs: number): Record<string, unknown> {
  const { authority, holder, otherHolders, holderKey, caseNumber, statusList, validUntil } = content;
  const nbf = Math.floor(content.validFrom / 1000);
  const exp = typeof validUntil === 'number' ? Math.floor(validUntil / 1000) : undefined;
  const parsed = parseCertificateIdentifier(content.identifier);
  const claims: Record<string, unknown> = {
    iss: regionUrn(content.region),
    iat: Math.floor(nowMs / 1000),
    nbf,
    ...(exp !== undefined && { exp }),
    vct: vctOf(type.code),
    'vct#integrity': type.integrity,
    certificate_identifier: content.identifier,
    certificate_type_name_code: type.code,
    certificate_type_name: type.name,
    certificate_version: parsed.ok ? parsed.value.version : '',
    certificate_define_authority_name: type.definedBy,
    certificate_define_authority_code: type.code.slice(0, 18),
    certificate_number: content.number,
    certificate_name: content.name,
    certificate_area_code: content.region,
    certificate_issuing_authority_name: authority.name,
    certificate_issuing_authority_code: authority.code,
    certificate_issuing_authority_date: chinaDate(content.issuedAt),
    certificate_validate_start: chinaDate(nbf * 1000),
    certificate_validate_end: lastDayOf(exp === undefined ? undefined : exp * 1000),
    ...holderClaims(holder),
    ...(otherHolders && { [OTHER_HOLDERS]: otherHolders.map(holderClaims) }),
    ...(holderKey && { cnf: { jwk: bareKey(holderKey) } }),
    ...(statusList && { status: { status_list: statusList } }),
    related_item_code: content.item,
    ...(typeof caseNumber === 'string' && { [CASE_NUMBER]: caseNumber }),
  };
  for (const [name, value] of Object.entries(content.fields)) claims[fieldClaim(name)] = value;
  return claims;
}

function holderClaims({ documentType, name, number }: CertificateHolder): Record<string, string> {
  const [code, typeName] = holderTypeOf(documentType);
  return {
    certificate_holder_type: code,
    certificate_holder_type_name: typeName,
    [HOLDER_NAME]: name,
    [HOLDER_NUMBER]: number,
  };
}

/** The members that make a public key, and no others. */
function bareKey({ kty, crv, x, y }: NonNullable<CertificateContent['holderKey']>): object {
  return { kty, crv, x, ...(y !== undefined && { y }) };
}

/** Adds the pointers of what there is at the end of the steps; `*` steps into every entry of a list. */
function addPlaces(places: string[], pointer: string, value: unknown, steps: readonly string[], at = 0): void {
  const step = steps[at];
  if (step === undefined) places.push(pointer);
  else if (step === '*' && Array.isArray(value))
    for (const [place, entry] of value.entries()) addPlaces(places, `${pointer}/${place}`, entry, steps, at + 1);
  else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step))
    addPlaces(places, `${pointer}/${step}`, (value as Claims)[step], steps, at + 1);
}
