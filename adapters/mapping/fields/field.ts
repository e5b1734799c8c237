import type { Problem } from '#proto';
import type { Answer, Expression } from '../expressions/expression.ts';
import { answersOf } from '../expressions/expression.ts';
import type { Evaluation, Work } from '../expressions/sandbox.ts';
import { MappingFault } from '../fault.ts';
import { convert, type FieldType } from './convert.ts';
import type { DateStyle } from './date-style.ts';
import type { Table } from './table.ts';
import { assemble, pointerOf, type Target } from './target.ts';

/** Entries of a list that `each` goes through. */
export const EACH_ENTRIES = 1_000;

export type Direction = 'in' | 'out';

/** A field of a mapping (字段), ready to be filled. */
export interface Field {
  readonly target: Target;
  /** Where its value comes from; one without has a fixed value. */
  readonly expression: Expression | undefined;
  readonly value: unknown;
  /** Fields of each entry of a list, which the expression gives. */
  readonly each: readonly Field[] | undefined;
  readonly trim: boolean;
  readonly required: boolean;
  /** In the words of the side that the value goes to; undefined when there is none. */
  readonly default: unknown;
  readonly table: Table | undefined;
  readonly date: FieldDate | undefined;
  readonly type: FieldType | undefined;
  /** Characters of a text, entries of a list. */
  readonly max: number | undefined;
  readonly pattern: FieldPattern | undefined;
}

interface FieldDate {
  readonly platform: DateStyle;
  readonly ours: DateStyle;
  /** How far in the future it may be, in ms. */
  readonly ahead: number | undefined;
}

/** A regular expression that the whole text has to match. */
interface FieldPattern {
  readonly text: string;
  readonly evaluator: Evaluation['evaluator'];
}

/** What fields are filled from. */
export interface Source {
  readonly input: unknown;
  /** The whole record or event, of which the input may be an entry of a list. */
  readonly record: unknown;
  readonly direction: Direction;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Fills fields.
 *
 * @param pointer of what they make together
 * @param problems gets one for every field that cannot be filled
 * @returns what they make; an object without the fields that have no value
 */
export function* fill(fields: readonly Field[], source: Source, pointer: string, problems: Problem[]): Work<unknown> {
  const { input, record } = source;
  const asked = fields.filter((field) => field.expression !== undefined);
  const answers = yield* answersOf(asked.map(({ expression }) => ({ expression: expression!, input, record })));
  const given = new Map(asked.map((field, index) => [field, answers[index]!]));
  const entries: [Target, unknown][] = [];
  for (const field of fields) {
    const at = pointer + pointerOf(field.target);
    const raw = given.get(field) ?? { value: field.value };
    const value = field.each
      ? yield* fillEach(field, raw, source, at, problems)
      : filled(field, raw, source, at, problems);
    if (value !== undefined) entries.push([field.target, value]);
  }
  yield* holdPatterns(fields, entries, pointer, problems);
  return assemble(entries);
}

function* fillEach(field: Field, raw: Answer, source: Source, at: string, problems: Problem[]): Work<unknown> {
  if ('fault' in raw) return report(field, raw.fault, at, problems);
  const list = raw.value === undefined || raw.value === null || raw.value === '' ? [] : convert(raw.value, 'list');
  const inputs = list as readonly unknown[];
  if (inputs.length > EACH_ENTRIES)
    return report(field, new MappingFault('TOO_MANY', `has more than ${EACH_ENTRIES} entries`), at, problems);
  if (inputs.length === 0 && field.required) return report(field, absent(field), at, problems);
  const entries: unknown[] = [];
  for (const [index, input] of inputs.entries())
    entries.push(yield* fill(field.each!, { ...source, input }, `${at}/${index}`, problems));
  return inputs.length === 0 ? undefined : entries;
}

function filled(field: Field, raw: Answer, source: Source, at: string, problems: Problem[]): unknown {
  if ('fault' in raw) return report(field, raw.fault, at, problems);
  try {
    return finish(field, raw.value, source);
  } catch (fault) {
    if (!(fault instanceof MappingFault)) throw fault;
    return report(field, fault, at, problems);
  }
}

/** From what the expression gives to what stands in the result. */
function finish(field: Field, raw: unknown, source: Source): unknown {
  const value = field.trim && typeof raw === 'string' ? raw.trim() : raw;
  if (value === undefined || value === null || value === '') {
    if (field.default !== undefined) return field.default;
    if (field.required) throw absent(field);
    return undefined;
  }
  const worded = throughTable(field, value, source);
  const dated = throughDate(field, worded, source);
  const typed = field.type ? convert(dated, field.type) : dated;
  if (field.max !== undefined && sizeOf(typed) > field.max) {
    const what = Array.isArray(typed) ? 'entries' : 'characters';
    throw new MappingFault('TOO_LONG', `has more than ${field.max} ${what}`);
  }
  return typed;
}

function throughTable({ table }: Field, value: unknown, { direction }: Source): unknown {
  if (!table) return value;
  return direction === 'in' ? table.wordOf(value) : table.codeOf(value);
}

function throughDate({ date }: Field, value: unknown, { direction, now }: Source): unknown {
  if (!date) return value;
  const [from, to] = direction === 'in' ? [date.platform, date.ours] : [date.ours, date.platform];
  const ms = from.read(value);
  if (date.ahead !== undefined && ms > now + date.ahead) {
    const message = `is more than ${date.ahead / 1_000} s in the future; check the clock of the platform`;
    throw new MappingFault('CLOCK', message);
  }
  return to.write(ms);
}

/** Texts of the platform meet regular expressions only where a watchdog ends them. */
function* holdPatterns(
  fields: readonly Field[],
  entries: readonly (readonly [Target, unknown])[],
  pointer: string,
  problems: Problem[],
): Work<void> {
  const values = new Map(entries);
  const held = fields.filter(({ pattern, target }) => pattern && typeof values.get(target) === 'string');
  if (held.length === 0) return;
  const outcomes = yield held.map(({ pattern, target }) => {
    return { evaluator: pattern!.evaluator, input: values.get(target), bindings: {} };
  });
  for (const [index, field] of held.entries()) {
    const outcome = outcomes[index]!;
    if ('value' in outcome && outcome.value === true) continue;
    const fault = new MappingFault('FORMAT', `must match ${field.pattern!.text}`);
    report(field, fault, pointer + pointerOf(field.target), problems);
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

function absent({ expression }: Field): MappingFault {
  const where = expression ? `${shown(expression.text)} is absent or empty` : 'it has no value';
  return new MappingFault(
    'REQUIRED',
    `is required, but ${where}; have it filled in at the platform, or give it a default`,
  );
}

function report(
  { expression }: Field,
  { code, message }: MappingFault,
  pointer: string,
  problems: Problem[],
): undefined {
  const from = expression && code !== 'REQUIRED' ? ` (from ${shown(expression.text)})` : '';
  problems.push({ pointer, code, message: message + from });
}

/** An expression in a message. */
export function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
