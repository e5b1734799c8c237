import {
  checkCitizenNumber,
  checkSocialCreditCode,
  fields,
  integer,
  list,
  oneOf,
  optional,
  type Problem,
  type Rule,
  record,
  text,
} from '#proto';

/** What a definition says of values: the part of JSON Schema 2020-12 that {@link objectSchemaRule} allows. */
export type Schema = TextSchema | NumberSchema | { readonly type: 'boolean' } | ListSchema | ObjectSchema;

export interface TextSchema {
  readonly type: 'string';
  /** Characters; 4000 unless it says less. */
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly enum?: readonly string[];
  readonly format?: TextFormat;
}

export interface NumberSchema {
  readonly type: 'integer' | 'number';
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface ListSchema {
  readonly type: 'array';
  readonly items: Schema;
  readonly minItems?: number;
  readonly maxItems: number;
}

export interface ObjectSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties: false;
}

export type TextFormat = keyof typeof FORMATS;

export const MAX_TEXT = 4000;
export const MAX_ENTRIES = 200;
/** Fields of a certificate, and members of one field. */
export const MAX_MEMBERS = 50;
/** Levels of objects and lists, the certificate's own fields being the first. */
export const MAX_LEVELS = 5;
/** Name of a field, and of a member of one. */
export const FIELD_NAME = /^[a-z][a-z0-9_]{0,47}$/;

/** The first is JSON Schema's; the others are names of our own, which other validators pass over. */
export const FORMATS = {
  date: (value: string) => isDay(value),
  'year-month': (value: string) => isDay(`${value}-01`),
  'social-credit-code': (value: string) => checkSocialCreditCode(value).ok,
  'citizen-number': (value: string) => checkCitizenNumber(value).ok,
} satisfies Record<string, (value: string) => boolean>;

const TYPE = text(10);
const LEAVES: Readonly<Record<string, Rule>> = {
  string: fields({
    type: TYPE,
    maxLength: optional(integer(1, MAX_TEXT)),
    minLength: optional(integer(1, MAX_TEXT)),
    enum: optional(list(text(100), 100, 1)),
    format: optional(oneOf(...Object.keys(FORMATS))),
  }),
  integer: fields({ type: TYPE, minimum: optional(finite), maximum: optional(finite) }),
  number: fields({ type: TYPE, minimum: optional(finite), maximum: optional(finite) }),
  boolean: fields({ type: TYPE }),
};
const MEMBER = text(48, { pattern: FIELD_NAME, hint: 'must be lower-case letters, digits and underscores' });

/** Whether a value is a schema of an object, of the part that we read: any other keyword is a fault, never passed over. */
export const objectSchemaRule: Rule = schemaOf(1, ['object']);

function schemaOf(level: number, types: readonly string[]): Rule {
  return (value, pointer, problems) => {
    const given = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
    if (typeof given !== 'string' || !types.includes(given))
      problems.push({
        pointer: `${pointer}/type`,
        code: 'NOT_IN_LIST',
        message: `must be one of: ${types.join(', ')}`,
      });
    else (LEAVES[given] ?? nested(given, level))(value, pointer, problems);
  };
}

/** The rule of a list or an object; of what is deeper than any certificate is, only that it is too deep. */
function nested(type: string, level: number): Rule {
  if (level > MAX_LEVELS) return tooDeep;
  const inner = schemaOf(level + 1, [...Object.keys(LEAVES), 'array', 'object']);
  if (type === 'array')
    return fields({
      type: TYPE,
      items: inner,
      minItems: optional(integer(0, MAX_ENTRIES)),
      maxItems: integer(1, MAX_ENTRIES),
    });
  return fields({
    type: TYPE,
    properties: record(MEMBER, inner, MAX_MEMBERS),
    required: optional(list(text(48), MAX_MEMBERS)),
    additionalProperties: isFalse,
  });
}

function tooDeep(_value: unknown, pointer: string, problems: Problem[]): void {
  problems.push({ pointer, code: 'TOO_DEEP', message: `is nested in more than ${MAX_LEVELS} levels` });
}

function isFalse(value: unknown, pointer: string, problems: Problem[]): void {
  if (value !== false) problems.push({ pointer, code: 'REQUIRED', message: 'must be false: no field is undefined' });
}

function finite(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'number') problems.push({ pointer, code: 'TYPE', message: 'must be a number' });
}

function isDay(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}
