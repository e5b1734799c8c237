import type { Problem, Rule } from '#proto';
import {
  FIELD_NAME,
  FORMATS,
  type ListSchema,
  MAX_ENTRIES,
  MAX_LEVELS,
  MAX_MEMBERS,
  MAX_TEXT,
  type NumberSchema,
  type ObjectSchema,
  type Schema,
  type TextSchema,
} from './schema.ts';

/** A value on the face of a certificate (照面信息). */
export type FieldValue = string | number | boolean | readonly FieldValue[] | FieldValues;

/** Values by name. */
export interface FieldValues {
  readonly [name: string]: FieldValue;
}

/** Line breaks and tabs may stand in a text; what no printer shows may not. U+FFFD is what broken UTF-8 decodes to. */
const UNPRINTABLE = /(?![\r\n\t])[\p{Cc}\p{Cs}\uFFFD]/u;

/**
 * The rule of the values that a schema allows; beyond the schema every text has at least one character and only such
 * as can be printed.
 *
 * @param mayLack whether the holder may keep back what stands at a pattern, such as `/records/*`: then nothing
 *   is required of its being there
 */
export function valueRule(schema: Schema, mayLack: (pattern: string) => boolean = () => false, pattern = ''): Rule {
  switch (schema.type) {
    case 'string':
      return textRule(schema);
    case 'integer':
    case 'number':
      return numberRule(schema);
    case 'boolean':
      return booleanRule;
    case 'array':
      return listRule(schema, mayLack, pattern);
    case 'object':
      return objectRule(schema, mayLack, pattern);
  }
}

const ANY_TEXT = textRule({ type: 'string' });
const ANY_NUMBER = numberRule({ type: 'number' });

/** The rule of the fields of a certificate whose type is not defined here: any values that some definition could allow. */
export const anyValuesRule: Rule = anyObject(1);

function anyObject(level: number): Rule {
  return (value, pointer, problems) => {
    if (!isObject(value)) return add(problems, pointer, 'TYPE', 'must be an object');
    const names = Object.keys(value);
    if (names.length > MAX_MEMBERS) return add(problems, pointer, 'TOO_MANY', `has more than ${MAX_MEMBERS} entries`);
    for (const name of names) {
      if (FIELD_NAME.test(name)) anyRule(value[name], level + 1)(value[name], `${pointer}/${name}`, problems);
      else add(problems, pointer, 'FORMAT', 'has a field whose name is not allowed');
    }
  };
}

function anyList(level: number): Rule {
  return (value, pointer, problems) => {
    const entries = value as readonly unknown[];
    if (entries.length > MAX_ENTRIES) return add(problems, pointer, 'TOO_MANY', `has more than ${MAX_ENTRIES} entries`);
    for (const [place, entry] of entries.entries()) anyRule(entry, level + 1)(entry, `${pointer}/${place}`, problems);
  };
}

/** The rule of a value by what it is. */
function anyRule(value: unknown, level: number): Rule {
  if (typeof value === 'string') return ANY_TEXT;
  if (typeof value === 'number') return ANY_NUMBER;
  if (typeof value === 'boolean') return booleanRule;
  if (level > MAX_LEVELS) return tooDeep;
  return Array.isArray(value) ? anyList(level) : anyObject(level);
}

function tooDeep(_value: unknown, pointer: string, problems: Problem[]): void {
  add(problems, pointer, 'TOO_DEEP', `is nested in more than ${MAX_LEVELS} levels`);
}

function textRule({ maxLength = MAX_TEXT, minLength = 1, enum: words, format }: TextSchema): Rule {
  const fits = format && FORMATS[format];
  return (value, pointer, problems) => {
    if (typeof value !== 'string') return add(problems, pointer, 'TYPE', 'must be text');
    if (value === '') return add(problems, pointer, 'REQUIRED', 'is required');
    // Rare characters (生僻字) are two units of UTF-16 and one character.
    if (value.length > maxLength && [...value].length > maxLength)
      return add(problems, pointer, 'TOO_LONG', `has more than ${maxLength} characters`);
    if (value.length < minLength * 2 && [...value].length < minLength)
      return add(problems, pointer, 'TOO_SHORT', `needs at least ${minLength} characters`);
    if (UNPRINTABLE.test(value)) return add(problems, pointer, 'CHARACTERS', 'has control characters or broken UTF-8');
    if (words && !words.includes(value)) add(problems, pointer, 'NOT_IN_LIST', `must be one of: ${words.join(', ')}`);
    if (fits && !fits(value)) add(problems, pointer, 'FORMAT', `is not a ${format}`);
  };
}

function numberRule({ type, minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE }: NumberSchema): Rule {
  return (value, pointer, problems) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || (type === 'integer' && !Number.isSafeInteger(value)))
      return add(problems, pointer, 'TYPE', type === 'integer' ? 'must be a whole number' : 'must be a number');
    if (value < minimum || value > maximum) add(problems, pointer, 'RANGE', `must be from ${minimum} to ${maximum}`);
  };
}

function booleanRule(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'boolean') add(problems, pointer, 'TYPE', 'must be true or false');
}

function listRule(
  { items, minItems = 0, maxItems }: ListSchema,
  mayLack: (pattern: string) => boolean,
  pattern: string,
): Rule {
  const each = `${pattern}/*`;
  const rule = valueRule(items, mayLack, each);
  const least = mayLack(each) ? 0 : minItems;
  return (value, pointer, problems) => {
    if (!Array.isArray(value)) return add(problems, pointer, 'TYPE', 'must be a list');
    if (value.length < least) add(problems, pointer, 'REQUIRED', `needs at least ${least}`);
    if (value.length > maxItems) return add(problems, pointer, 'TOO_MANY', `has more than ${maxItems} entries`);
    for (const [place, entry] of value.entries()) rule(entry, `${pointer}/${place}`, problems);
  };
}

function objectRule(
  { properties, required = [] }: ObjectSchema,
  mayLack: (pattern: string) => boolean,
  pattern: string,
): Rule {
  const members = Object.entries(properties).map(([name, schema]) => {
    const at = `${pattern}/${name}`;
    const isRequired = required.includes(name) && !mayLack(at);
    return { name, step: `/${name}`, rule: valueRule(schema, mayLack, at), isRequired };
  });
  return (value, pointer, problems) => {
    if (!isObject(value)) return add(problems, pointer, 'TYPE', 'must be an object');
    for (const { name, step, rule, isRequired } of members) {
      if (Object.hasOwn(value, name)) rule(value[name], pointer + step, problems);
      else if (isRequired) add(problems, pointer + step, 'REQUIRED', 'is required');
    }
    for (const name of Object.keys(value))
      if (!Object.hasOwn(properties, name))
        add(problems, `${pointer}/${escaped(name)}`, 'UNKNOWN_FIELD', 'is not a field of this type');
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901 escaping of one reference token. */
function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function add(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}
