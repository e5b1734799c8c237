import type { Path } from './certificate-text.ts';
import { creditCode, isObject } from './shape.ts';
import type { Claims } from './signed.ts';
import { demand, json, sha256 } from './wire.ts';

/** Types of certificates of proto/README.md, and what they say of fields. */

const MAX_TEXT = 4000;
const MAX_ENTRIES = 200;
const MAX_MEMBERS = 50;
const MAX_LEVELS = 5;
const NAME = /^[a-z][a-z0-9_]{0,47}$/;

interface Schema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The definition of a type, as far as verdicts depend on it. */
export interface Definition {
  readonly code: string;
  readonly claims: readonly { readonly path: Path; readonly sd: 'always' | 'never' }[];
  readonly schema: Schema;
}

/** Definitions of a file `{types: […]}`, by what `vct#integrity` says of them. */
export function readDefinitions(text: string): Map<string, Definition> {
  const { types } = json(text) as { types: Definition[] };
  return new Map(types.map((type) => [`sha256-${sha256(Buffer.from(canonical(type))).toString('base64')}`, type]));
}

/** RFC 8785. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/**
 * Demands that fields are as the definition of their type says.
 *
 * @param hidden places that came as disclosures
 * @throws Refused CERTIFICATE_DISCLOSURE, CERTIFICATE_TYPE
 */
export function demandDefined(fields: Claims, hidden: readonly Path[], { claims, schema }: Definition): void {
  const mayHide = new Set(claims.filter(({ sd }) => sd === 'always').map(({ path }) => placeOf(path)));
  for (const path of hidden)
    demand(mayHide.has(placeOf(path)), 'CERTIFICATE_DISCLOSURE', `${placeOf(path)} must stand open`);
  fits(fields, schema, []);

  function fits(value: unknown, schema: Schema, path: Path): void {
    demand(isOf(value, schema, path), 'CERTIFICATE_TYPE', `${placeOf(path)} is not as its type says`);
  }

  function isOf(value: unknown, schema: Schema, path: Path): boolean {
    switch (schema.type) {
      case 'string':
        return isText(value, schema);
      case 'integer':
      case 'number':
        return isNumber(value, schema);
      case 'boolean':
        return typeof value === 'boolean';
      case 'array':
        return isList(value, schema, path);
      case 'object':
        return isRecord(value, schema, path);
    }
  }

  function isList(value: unknown, { items, minItems = 0, maxItems = MAX_ENTRIES }: Schema, path: Path): boolean {
    const place = [...path, null];
    const least = mayHide.has(placeOf(place)) ? 0 : minItems;
    if (!Array.isArray(value) || value.length < least || value.length > maxItems) return false;
    for (const entry of value) fits(entry, items!, place);
    return true;
  }

  function isRecord(value: unknown, { properties = {}, required = [] }: Schema, path: Path): boolean {
    if (!isObject(value)) return false;
    const needed = required.filter((name) => !mayHide.has(placeOf([...path, name])));
    if (!needed.every((name) => Object.hasOwn(value, name))) return false;
    for (const [name, one] of Object.entries(value)) {
      if (!Object.hasOwn(properties, name)) return false;
      fits(one, properties[name]!, [...path, name]);
    }
    return true;
  }
}

/**
 * Demands that fields of a type whose definition is not known are such as some definition could allow.
 *
 * @throws Refused CERTIFICATE_MALFORMED
 */
export function demandPossible(fields: Claims): void {
  demand(isPossible(fields, 1), 'CERTIFICATE_MALFORMED', 'a field is none that any type could have');
}

function isPossible(value: unknown, level: number): boolean {
  if (typeof value === 'string') return isText(value, {});
  if (typeof value === 'number') return isNumber(value, {});
  if (typeof value === 'boolean') return true;
  if (level > MAX_LEVELS) return false;
  if (Array.isArray(value)) return value.length <= MAX_ENTRIES && value.every((one) => isPossible(one, level + 1));
  if (!isObject(value)) return false;
  const members = Object.entries(value);
  return members.length <= MAX_MEMBERS && members.every(([name, one]) => NAME.test(name) && isPossible(one, level + 1));
}

function isText(
  value: unknown,
  { minLength = 1, maxLength = MAX_TEXT, enum: words, format }: Partial<Schema>,
): boolean {
  if (typeof value !== 'string' || !/^([\t\n\r]|[^\p{Cc}\p{Cs}\uFFFD])+$/u.test(value)) return false;
  const { length } = [...value];
  return length >= minLength && length <= maxLength && (words?.includes(value) ?? true) && hasFormat(value, format);
}

function isNumber(value: unknown, { type, minimum = -Infinity, maximum = Infinity }: Partial<Schema>): boolean {
  const isOne = type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isOne && Number(value) >= minimum && Number(value) <= maximum;
}

function hasFormat(value: string, format: string | undefined): boolean {
  if (format === 'date') return isDay(value);
  if (format === 'year-month') return isDay(`${value}-01`);
  if (format === 'social-credit-code') return creditCode(value);
  return format !== 'citizen-number' || citizenNumber(value);
}

function isDay(value: string): boolean {
  const day = new Date(`${value}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

/** GB 11643: a date of birth in places 7 to 14, and a check character (ISO 7064 MOD 11-2). */
function citizenNumber(value: string): boolean {
  if (!/^[1-9]\d{16}[\dX]$/.test(value)) return false;
  const [, year = '', month, day] = /^.{6}(\d{4})(\d{2})(\d{2})/.exec(value) ?? [];
  const isBorn = isDay(`${year}-${month}-${day}`) && Number(year) >= 1880 && Number(year) <= 2099;
  let product = 0;
  for (const digit of value.slice(0, 17)) product = ((product + Number(digit)) * 2) % 11;
  return isBorn && '0123456789X'[(12 - product) % 11] === value[17];
}

function placeOf(path: Path): string {
  return path.map((name) => name ?? '*').join('/');
}
