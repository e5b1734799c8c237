import type { Problem } from './error-codes.ts';
import type { Check } from './identifiers/index.ts';

/** Looks at one value and adds what is wrong with it. Never adds the value itself. */
export type Rule = (value: unknown, pointer: string, problems: Problem[]) => void;

/** U+FFFD is what broken UTF-8 decodes to. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFD]/u;
const UNPRINTABLE_IN_LINES = /(?![\r\n\t])[\p{Cc}\p{Cs}\uFFFD]/u;

/** Text of `min` to `max` characters, without control characters (line breaks allowed with `lines`) or broken UTF-8. */
export function text(
  max: number,
  options: { min?: number; lines?: boolean; pattern?: RegExp; hint?: string } = {},
): Rule {
  const { min = 1, lines = false, pattern, hint } = options;
  const forbidden = lines ? UNPRINTABLE_IN_LINES : UNPRINTABLE;
  return (value, pointer, problems) => {
    if (typeof value !== 'string') return add(problems, pointer, 'TYPE', 'must be text');
    if (value.length < min)
      return add(problems, pointer, 'REQUIRED', min === 1 ? 'is required' : `needs at least ${min} characters`);
    if (value.length > max) return add(problems, pointer, 'TOO_LONG', `has more than ${max} characters`);
    if (forbidden.test(value)) add(problems, pointer, 'CHARACTERS', 'has control characters or broken UTF-8');
    else if (pattern && value.length > 0 && !pattern.test(value))
      add(problems, pointer, 'FORMAT', hint ?? 'has the wrong format');
  };
}

/** Text that may be empty. */
export function optionalText(max: number, options: { lines?: boolean; pattern?: RegExp; hint?: string } = {}): Rule {
  return text(max, { ...options, min: 0 });
}

/** An identifier with a check of its own, such as a check digit. */
export function identifier(check: (value: string) => Check, options: { optional?: boolean } = {}): Rule {
  return (value, pointer, problems) => {
    if (typeof value !== 'string') return add(problems, pointer, 'TYPE', 'must be text');
    if (value === '') {
      if (!options.optional) add(problems, pointer, 'REQUIRED', 'is required');
      return;
    }
    const result = check(value);
    if (!result.ok) add(problems, pointer, 'IDENTIFIER', result.reason);
  };
}

/** Exactly `length` bytes; or, with `optional`, none. */
export function bytes(length: number, options: { optional?: boolean } = {}): Rule {
  return (value, pointer, problems) => {
    if (!(value instanceof Uint8Array)) return add(problems, pointer, 'TYPE', 'must be bytes');
    if (value.length !== length && !(options.optional && value.length === 0))
      add(problems, pointer, 'LENGTH', `must have ${length} bytes`);
  };
}

/** Whole number within bounds, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Rule {
  return (value, pointer, problems) => {
    if (!Number.isSafeInteger(value)) return add(problems, pointer, 'TYPE', 'must be a whole number');
    if ((value as number) < min || (value as number) > max)
      add(problems, pointer, 'RANGE', `must be from ${min} to ${max}`);
  };
}

/** Milliseconds since 1970 between 2000 and 2200. */
export const instant: Rule = integer(946_684_800_000, 7_258_118_400_000);

export const boolean: Rule = (value, pointer, problems) => {
  if (typeof value !== 'boolean') add(problems, pointer, 'TYPE', 'must be true or false');
};

/** One of a closed list of words. */
export function oneOf(...words: readonly string[]): Rule {
  return (value, pointer, problems) => {
    if (typeof value !== 'string' || !words.includes(value))
      add(problems, pointer, 'NOT_IN_LIST', `must be one of: ${words.join(', ')}`);
  };
}

export function list(rule: Rule, max: number, min = 0): Rule {
  return (value, pointer, problems) => {
    if (!Array.isArray(value)) return add(problems, pointer, 'TYPE', 'must be a list');
    if (value.length < min) add(problems, pointer, 'REQUIRED', `needs at least ${min}`);
    if (value.length > max) return add(problems, pointer, 'TOO_MANY', `has more than ${max} entries`);
    value.forEach((entry, index) => {
      rule(entry, `${pointer}/${index}`, problems);
    });
  };
}

/** Map of names to texts. */
export function record(key: Rule, rule: Rule, max: number): Rule {
  return (value, pointer, problems) => {
    if (!isObject(value)) return add(problems, pointer, 'TYPE', 'must be an object');
    const entries = Object.entries(value);
    if (entries.length > max) return add(problems, pointer, 'TOO_MANY', `has more than ${max} entries`);
    for (const [name, entry] of entries) {
      const at = `${pointer}/${escapePointer(name)}`;
      key(name, at, problems);
      rule(entry, at, problems);
    }
  };
}

/** Every field by its rule, and no other field. */
export function fields(rules: Readonly<Record<string, Rule>>): Rule {
  const members = Object.entries(rules).map(([name, rule]) => ({ name, at: `/${name}`, rule }));
  return (value, pointer, problems) => {
    if (!isObject(value)) return add(problems, pointer, 'REQUIRED', 'is required');
    for (const { name, at, rule } of members) rule(value[name], pointer + at, problems);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(rules, name))
        add(problems, `${pointer}/${escapePointer(name)}`, 'UNKNOWN_FIELD', 'is not a field of this message');
    }
  };
}

/** A message that may be absent (null). */
export function optional(rule: Rule): Rule {
  return (value, pointer, problems) => {
    if (value !== null && value !== undefined) rule(value, pointer, problems);
  };
}

/** A member that may be absent; null is no value of it. */
export function absentOr(rule: Rule): Rule {
  return (value, pointer, problems) => {
    if (value !== undefined) rule(value, pointer, problems);
  };
}

/** Both rules, the second only when the first found nothing. */
export function both(first: Rule, second: Rule): Rule {
  return (value, pointer, problems) => {
    const before = problems.length;
    first(value, pointer, problems);
    if (problems.length === before) second(value, pointer, problems);
  };
}

/** Adds one problem. */
export function add(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}

/** RFC 6901 escaping of one reference token. */
function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
