import type { IdentityDocumentType } from '#proto';

/*
 * Names of claims, and the words that stand in them: those of SD-JWT VC, and of the standards of certificates
 * (GB/T 36901 to 36906) as they are used in practice. Fields of the type stand beside them under a prefix of their own.
 */

/** Names of what can be kept back whatever the type; presentations and allow-lists use them. */
export const HOLDER_NAME = 'certificate_holder_name';
export const HOLDER_NUMBER = 'certificate_holder_code';
export const OTHER_HOLDERS = 'certificate_other_holders';
export const CASE_NUMBER = 'related_case_number';

/** Patterns of what the holder may keep back in every certificate; `*` is any entry of a list. */
export const ALWAYS_CONCEALABLE: ReadonlySet<string> = new Set([
  `/${HOLDER_NAME}`,
  `/${HOLDER_NUMBER}`,
  `/${OTHER_HOLDERS}/*`,
  `/${CASE_NUMBER}`,
]);

const CONCEALABLE_CLAIMS: ReadonlySet<string> = new Set([HOLDER_NAME, HOLDER_NUMBER, OTHER_HOLDERS, CASE_NUMBER]);
const FIELD_PREFIX = 'field_';
const FIELD_POINTER = `/${FIELD_PREFIX}`;
/** The prefixes of what every certificate has, whatever its type. */
const FIELD_NAME = /^(?!certificate_|related_)[a-z][a-z0-9_]{0,47}$/;

/** Codes of a holder's document (持证主体代码类型) as certificates carry them, with their Chinese names. */
const HOLDER_TYPES: Readonly<Record<IdentityDocumentType, readonly [code: string, name: string]>> = {
  'social-credit-code': ['001', '统一社会信用代码'],
  'citizen-number': ['111', '公民身份号码'],
  passport: ['414', '普通护照'],
  'taiwan-permit': ['511', '台湾居民来往大陆通行证'],
  'hongkong-macao-permit': ['516', '港澳居民来往内地通行证'],
  'foreign-permanent-residence': ['553', '外国人永久居留身份证'],
};
const DOCUMENT_TYPES = new Map(Object.entries(HOLDER_TYPES).map(([type, [code]]) => [code, type]));

/** Code and Chinese name of a kind of document. */
export function holderTypeOf(type: IdentityDocumentType): readonly [code: string, name: string] {
  return HOLDER_TYPES[type];
}

/** Kind of document of a code; undefined for a code that is none. */
export function documentTypeOf(code: string): IdentityDocumentType | undefined {
  return DOCUMENT_TYPES.get(code) as IdentityDocumentType | undefined;
}

/** Type of the credential (SD-JWT VC, `vct`). */
export function vctOf(typeCode: string): string {
  return `urn:tongban:certificate:${typeCode}`;
}

/** Whether a field of a type may have this name. */
export function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name);
}

/** Claim of a field. */
export function fieldClaim(name: string): string {
  return FIELD_PREFIX + name;
}

/** Whether a claim is that of a field. */
export function isFieldClaim(claim: string): boolean {
  return claim.startsWith(FIELD_PREFIX);
}

/** Field of such a claim. */
export function fieldOfClaim(claim: string): string {
  return claim.slice(FIELD_PREFIX.length);
}

/** Pointer of what people and allow-lists name: `certificate_holder_name`, `records/0/employer`. */
export function pointerOf(name: string): string {
  const [claim = ''] = name.split('/', 1);
  return CONCEALABLE_CLAIMS.has(claim) ? `/${name}` : FIELD_POINTER + name;
}

/** Name that people and allow-lists use for what stands at a pointer; the inverse of {@link pointerOf}. */
export function nameAt(pointer: string): string {
  return pointer.startsWith(FIELD_POINTER) ? pointer.slice(FIELD_POINTER.length) : pointer.slice(1);
}

/** A pointer with `*` for every place in a list: no member of a certificate has a number for its name. */
export function patternAt(pointer: string): string {
  return pointer.indexOf('/', 1) < 0 ? pointer : pointer.replace(/\/\d+(?=\/|$)/g, '/*');
}

/** Pattern among the claims of one within the fields of the type. */
export function claimPattern(pattern: string): string {
  return FIELD_POINTER + pattern.slice(1);
}

/** Whether a pattern is one of a field, or within one. */
export function isFieldPattern(pattern: string): boolean {
  return pattern.startsWith(FIELD_POINTER);
}
