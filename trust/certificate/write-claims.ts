import { regionUrn } from '#proto';
import { chinaDate, lastDayOf } from './china-time.ts';
import { CASE_NUMBER, HOLDER_NAME, HOLDER_NUMBER, holderTypeOf, OTHER_HOLDERS, vctOf } from './claim-names.ts';
import type { CertificateContent, CertificateHolder } from './content.ts';
import type { Concealment } from './sd-jwt/issue.ts';
import type { Claims } from './sd-jwt/text.ts';
import type { CertificateType } from './types/types.ts';

/** What of the claims is the same for all certificates of a type. */
interface Plan {
  readonly vct: string;
  /** Code of the defining authority. */
  readonly definer: string;
  /** Claims of the fields, by name. */
  readonly claims: ReadonlyMap<string, string>;
  /** Fields that the holder may keep back. */
  readonly concealable: readonly string[];
  /** Steps to what he may keep back within claims: the claim, then names and `*`. */
  readonly within: readonly (readonly string[])[];
}

/** By region; no more than the table of regions has. */
const issuers = new Map<string, string>();
const plans = new WeakMap<CertificateType, Plan>();

/** Writes a checked content as claims, and says which of them the holder may keep back. */
export function writeClaims(
  content: CertificateContent,
  type: CertificateType,
  nowMs: number,
): Concealment & { readonly claims: Claims } {
  const plan = planOf(type);
  const claims = openClaims(content, type, plan, nowMs);
  const concealed = concealedClaims(content);
  for (const name of Object.keys(content.fields)) {
    const isConcealed = plan.concealable.includes(name);
    (isConcealed ? concealed : claims)[plan.claims.get(name)!] = content.fields[name];
  }
  const disclosable: string[] = [];
  for (const steps of plan.within) {
    addPlaces(disclosable, '', claims, steps);
    addPlaces(disclosable, '', concealed, steps);
  }
  // A decoy for each absent field: the number of digests does not tell which fields were filled in.
  const absent = plan.concealable.filter((name) => !Object.hasOwn(content.fields, name)).length;
  return { claims, concealed, disclosable, ...(absent > 0 && { decoys: { '': absent } }) };
}

function planOf(type: CertificateType): Plan {
  const known = plans.get(type);
  if (known) return known;
  const isFlat = (pattern: string) => !pattern.includes('/', 1);
  const plan: Plan = {
    vct: joined(vctOf(type.code)),
    definer: joined(type.code.slice(0, 18)),
    claims: new Map(Array.from(type.fieldNames, ([claim, name]) => [name, claim])),
    concealable: [...type.concealable].filter(isFlat).map((pattern) => pattern.slice(1)),
    within: [...type.concealableClaims]
      .filter((pattern) => !isFlat(pattern))
      .map((pattern) => pattern.slice(1).split('/')),
  };
  plans.set(type, plan);
  return plan;
}

function issuerOf(region: string): string {
  const known = issuers.get(region);
  if (known !== undefined) return known;
  const issuer = joined(regionUrn(region));
  issuers.set(region, issuer);
  return issuer;
}

/** A text of one piece: an object with a slice of another text in it, or with one put together, is slow to write as JSON. */
function joined(text: string): string {
  return Array.from(text).join('');
}

function openClaims(
  content: CertificateContent,
  type: CertificateType,
  { vct, definer }: Plan,
  nowMs: number,
): Record<string, unknown> {
  const { authority, holder, otherHolders, holderKey, statusList, validUntil } = content;
  const nbf = Math.floor(content.validFrom / 1000);
  const exp = typeof validUntil === 'number' ? Math.floor(validUntil / 1000) : undefined;
  return {
    iss: issuerOf(content.region),
    iat: Math.floor(nowMs / 1000),
    nbf,
    ...(exp !== undefined && { exp }),
    vct,
    'vct#integrity': type.integrity,
    certificate_identifier: content.identifier,
    certificate_type_name_code: type.code,
    certificate_type_name: type.name,
    // The checked identifier ends in a dot, three digits, a dot and the check character.
    certificate_version: content.identifier.slice(-5, -2),
    certificate_define_authority_name: type.definedBy,
    certificate_define_authority_code: definer,
    certificate_number: content.number,
    certificate_name: content.name,
    certificate_area_code: content.region,
    certificate_issuing_authority_name: authority.name,
    certificate_issuing_authority_code: authority.code,
    certificate_issuing_authority_date: chinaDate(content.issuedAt),
    certificate_validate_start: chinaDate(nbf * 1000),
    certificate_validate_end: lastDayOf(exp === undefined ? undefined : exp * 1000),
    ...holderKind(holder),
    ...(otherHolders && {
      [OTHER_HOLDERS]: otherHolders.map((other) => ({ ...holderKind(other), ...holderIdentity(other) })),
    }),
    ...(holderKey && { cnf: { jwk: bareKey(holderKey) } }),
    ...(statusList && { status: { status_list: statusList } }),
    related_item_code: content.item,
  };
}

/** The claims that the holder may keep back whatever the type. */
function concealedClaims({ holder, caseNumber }: CertificateContent): Record<string, unknown> {
  return { ...holderIdentity(holder), ...(typeof caseNumber === 'string' && { [CASE_NUMBER]: caseNumber }) };
}

function holderKind({ documentType }: CertificateHolder): Record<string, string> {
  const [code, name] = holderTypeOf(documentType);
  return { certificate_holder_type: code, certificate_holder_type_name: name };
}

function holderIdentity({ name, number }: CertificateHolder): Record<string, string> {
  return { [HOLDER_NAME]: name, [HOLDER_NUMBER]: number };
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
