import { readIdentifier } from './certificate-identifier.ts';
import type { Path } from './certificate-text.ts';
import { bytes, is, isObject, list, matching, object, oneOf, printed, region, type Shape, whole } from './shape.ts';
import { type Claims, publicKey } from './signed.ts';
import { demand, Refused } from './wire.ts';

/** The claims of a certificate of proto/README.md, whatever its type. */

const CODE = 'CERTIFICATE_MALFORMED';
const VCT = 'urn:tongban:certificate:';
const FIELD = 'field_';
const EIGHT_HOURS = 8 * 3_600_000;
const CAME_AS_DISCLOSURE = 'a claim that must stand open came as a disclosure';

export const STATUS_URI: Shape = is((uri) => {
  const url = typeof uri === 'string' && uri.length <= 1024 ? URL.parse(uri) : null;
  return url?.href === uri && ['http:', 'https:'].includes(url?.protocol ?? '') && !url?.username && !url?.hash;
}, 'an http or https address in normal form is needed');
/** Whole seconds from 2000 to 2200. */
export const SECONDS: Shape = whole(946_684_800, 7_258_118_400);

const date = matching(/^\d{4}-\d{2}-\d{2}$/);
const moment = is((one) => one !== '' && chinaTime(Date.parse(String(one))) === one, 'no moment in China');
const holder = {
  certificate_holder_type: oneOf('001', '111', '414', '511', '516', '553'),
  certificate_holder_type_name: printed(50),
  'certificate_holder_name?': printed(200),
  'certificate_holder_code?': printed(40),
};
const members: Record<string, Shape> = {
  iat: SECONDS,
  nbf: SECONDS,
  'exp?': SECONDS,
  'vct#integrity?': printed(100),
  certificate_type_name: printed(100),
  'certificate_define_authority_name?': printed(100),
  certificate_number: printed(100),
  certificate_name: printed(200),
  certificate_area_code: region,
  certificate_issuing_authority_name: printed(100),
  certificate_issuing_authority_date: date,
  certificate_validate_start: date,
  ...holder,
  'certificate_other_holders?': list(object(holder), 0, 50),
  'cnf?': object({ jwk: is(isHolderKey, 'no public key of a suite') }, true),
  'status?': object({ status_list: object({ idx: whole(0, 2 ** 32), uri: STATUS_URI }) }),
  related_item_code: matching(/^[!-~]{1,64}$/),
  'related_case_number?': printed(64),
};
const stamp: Record<string, Shape> = {
  certificate_copy_of: bytes(32, 32),
  certificate_copy_creation_time: moment,
  certificate_copy_creator: printed(100),
  certificate_copy_cause: printed(500),
  certificate_copy_expiring_time: moment,
};

const ORIGINAL = object(members, true);
const COPY = object({ ...members, ...stamp }, true);

/** What the holder may keep back in every certificate; null stands for every entry of a list. */
const MAY_HIDE = [
  'certificate_holder_name',
  'certificate_holder_code',
  'certificate_other_holders/',
  'related_case_number',
];

/** What every certificate says. Times in seconds. */
export interface CertificateClaims {
  readonly iat: number;
  readonly nbf: number;
  readonly exp?: number;
  readonly 'vct#integrity'?: string;
  readonly certificate_identifier: string;
  readonly certificate_type_name_code: string;
  readonly certificate_copy_expiring_time?: string;
  readonly cnf?: { readonly jwk: unknown };
  readonly status?: { readonly status_list: { readonly idx: number; readonly uri: string } };
}

/**
 * Demands the claims that every certificate of a region has.
 *
 * @throws Refused CERTIFICATE_MALFORMED, CERTIFICATE_TYPE, CERTIFICATE_IDENTIFIER, CERTIFICATE_ISSUER,
 *   CERTIFICATE_DISCLOSURE
 */
export function readClaims(claims: Claims, disclosed: readonly Path[], issuer: string): CertificateClaims {
  const word = (name: string) => claims[`certificate_${name}`];
  const typeCode = word('type_name_code');
  demand(typeof typeCode === 'string', CODE, 'the certificate has no type code');
  demand(claims['vct'] === VCT + typeCode, 'CERTIFICATE_TYPE', 'vct names another type');
  for (const path of disclosed)
    demand(isField(path) || MAY_HIDE.includes(path.join('/')), 'CERTIFICATE_DISCLOSURE', CAME_AS_DISCLOSURE);
  const identifier = readIdentifier(String(word('identifier')));
  const sameCodes = identifier.typeCode === typeCode && identifier.authority === word('issuing_authority_code');
  demand(sameCodes, 'CERTIFICATE_IDENTIFIER', 'the identifier is of another type or authority');
  const isCopy = Object.keys(stamp).some((name) => Object.hasOwn(claims, name));
  (isCopy ? COPY : ORIGINAL)(claims, CODE);
  const { iat, nbf, exp } = claims as { iat: number; nbf: number; exp?: number };
  const lastDay = exp === undefined ? '长期' : chinaTime(exp * 1000 - 1).slice(0, 10);
  const rules: [string, boolean][] = [
    ['exp', exp === undefined || exp > nbf],
    ['validate_start', word('validate_start') === chinaTime(nbf * 1000).slice(0, 10)],
    ['validate_end', word('validate_end') === lastDay],
    ['version', word('version') === undefined || word('version') === identifier.version],
    ['define_authority_code', [undefined, typeCode.slice(0, 18)].includes(word('define_authority_code') as string)],
    ['copy_creation_time', !isCopy || word('copy_creation_time') === chinaTime(iat * 1000)],
  ];
  for (const [name, met] of rules) demand(met, CODE, `certificate_${name} contradicts the other claims`);
  demand(word('area_code') === issuer, 'CERTIFICATE_ISSUER', 'certificate_area_code is not the region that signed');
  return claims as unknown as CertificateClaims;
}

/** The fields of the type by their names. @throws Refused CERTIFICATE_MALFORMED for a name that no field has */
export function fieldsOf(claims: Claims): Claims {
  const fields = Object.entries(claims).filter(([name]) => name.startsWith(FIELD));
  return Object.fromEntries(
    fields.map(([claim, value]) => {
      const name = claim.slice(FIELD.length);
      const isOne = /^(?!certificate_|related_)[a-z][a-z0-9_]{0,47}$/.test(name);
      demand(isOne, CODE, `${claim} is no field`);
      return [name, value];
    }),
  );
}

/** Places within the fields that came as disclosures. */
export function hiddenFields(disclosed: readonly Path[]): Path[] {
  return disclosed.filter(isField).map(([claim = '', ...rest]) => [String(claim).slice(FIELD.length), ...rest]);
}

function isField([claim]: Path): boolean {
  return claim?.startsWith(FIELD) ?? false;
}

function isHolderKey(jwk: unknown): boolean {
  if (!isObject(jwk)) return false;
  try {
    return publicKey(jwk) !== undefined;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** `YYYY-MM-DDThh:mm:ss+08:00`; no such text for what is no time, or none that a Date can hold in China. */
export function chinaTime(ms: number): string {
  const there = new Date(ms + EIGHT_HOURS);
  return Number.isNaN(there.getTime()) ? '' : `${there.toISOString().slice(0, 19)}+08:00`;
}
