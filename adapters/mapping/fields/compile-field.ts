import type { Compiler } from '../compiler.ts';
import { DEFAULT_ZONE } from '../compiler.ts';
import type { BodySpec, FieldMap, FieldOptions, FieldSpec } from '../format/mapping-shape.ts';
import { dateStyle } from './date-style.ts';
import type { Direction, Field } from './field.ts';
import { collide, readTarget, type Target } from './target.ts';

/** Which of the fields that stand together came from where in the file. */
interface Placed {
  readonly spec: FieldSpec;
  readonly pointer: string;
}

/**
 * The fields of a body: those of the parts that it is made with, and its own, which come before these.
 *
 * @param parts names of parts
 * @param pointer of the body within the mapping file
 */
export function compileBody(
  compiler: Compiler,
  body: BodySpec | undefined,
  parts: readonly string[],
  pointer: string,
  direction: Direction,
): readonly Field[] {
  if (typeof body === 'string') {
    if (parts.length > 0) compiler.problem(pointer, 'CONFLICT', 'is one expression, to which no parts can be added');
    return [{ ...PLAIN, target: [], expression: compiler.expression(body, pointer) }];
  }
  const placed = new Map<string, Placed>();
  for (const part of parts) {
    const map = compiler.spec.parts?.[part];
    if (map) place(map, `/parts/${part}`, placed);
    else compiler.problem(pointer, 'UNKNOWN_PART', `is made with ${part}, which parts does not have`);
  }
  place(body ?? {}, pointer, placed);
  return compileFields(compiler, placed, direction);
}

/** A field that stands alone, such as the number of a case. */
export function compileLone(compiler: Compiler, spec: FieldSpec, pointer: string, direction: Direction): Field {
  return compileField(compiler, spec, [], pointer, direction);
}

function place(map: FieldMap, pointer: string, placed: Map<string, Placed>): void {
  for (const [name, spec] of Object.entries(map)) placed.set(name, { spec, pointer: `${pointer}/${escaped(name)}` });
}

function compileFields(
  compiler: Compiler,
  placed: ReadonlyMap<string, Placed>,
  direction: Direction,
): readonly Field[] {
  const result: Field[] = [];
  for (const [name, { spec, pointer }] of placed) {
    const target = readTarget(name);
    if (!target) {
      const message =
        'is no place in the result: write names with dots, applicant.name, or a JSON pointer, /applicant/name';
      compiler.problem(pointer, 'TARGET', message);
      continue;
    }
    if (result.some((other) => collide(other.target, target)))
      compiler.problem(pointer, 'CONFLICT', 'stands where another field already is');
    result.push(compileField(compiler, spec, target, pointer, direction));
  }
  return result;
}

const PLAIN: Field = {
  target: [],
  expression: undefined,
  value: undefined,
  each: undefined,
  trim: false,
  required: false,
  default: undefined,
  table: undefined,
  date: undefined,
  type: undefined,
  max: undefined,
  pattern: undefined,
};

function compileField(
  compiler: Compiler,
  spec: FieldSpec,
  target: Target,
  pointer: string,
  direction: Direction,
): Field {
  const trim = compiler.spec.trim ?? false;
  if (typeof spec === 'string') return { ...PLAIN, target, trim, expression: compiler.expression(spec, pointer) };
  if (typeof spec !== 'object') return { ...PLAIN, target, value: spec };
  const { from, value, each } = spec;
  if ([from, value, each].filter((one) => one !== undefined).length !== 1)
    compiler.problem(pointer, 'REQUIRED', 'needs exactly one of from, value and each');
  if ((each === undefined) !== (spec.fields === undefined))
    compiler.problem(pointer, 'REQUIRED', 'needs each and fields together');
  const text = from ?? each;
  return {
    target,
    expression:
      text === undefined ? undefined : compiler.expression(text, `${pointer}/${from === undefined ? 'each' : 'from'}`),
    value,
    each: each === undefined ? undefined : compileBody(compiler, spec.fields, [], `${pointer}/fields`, direction),
    trim: spec.trim ?? trim,
    required: spec.required ?? false,
    default: spec.default,
    table: tableOf(compiler, spec, pointer, direction),
    date: dateOf(compiler, spec, pointer),
    type: spec.type,
    max: spec.max,
    pattern: patternOf(compiler, spec, pointer),
  };
}

function tableOf(
  compiler: Compiler,
  { table: name }: FieldOptions,
  pointer: string,
  direction: Direction,
): Field['table'] {
  if (name === undefined) return undefined;
  const table = compiler.tables.find(name);
  if (!table) compiler.problem(`${pointer}/table`, 'UNKNOWN_TABLE', 'is not among the tables');
  if (direction === 'out' && table && table.ambiguous.size > 0) {
    const words = [...table.ambiguous].join(', ');
    const message = `cannot be read backwards: several codes stand for ${words}; name one for each under reverse`;
    compiler.problem(`${pointer}/table`, 'AMBIGUOUS', message);
  }
  return table;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function dateOf(compiler: Compiler, { date }: FieldOptions, pointer: string): Field['date'] {
  if (date === undefined) return undefined;
  const {
    pattern,
    as = 'epoch-ms',
    zone = compiler.spec.zone ?? DEFAULT_ZONE,
    ahead,
  } = typeof date === 'string' ? { pattern: date } : date;
  const platform = dateStyle(typeof pattern === 'string' ? [pattern] : pattern, zone);
  const ours = dateStyle([as], zone);
  if (!platform || !ours) {
    const message = 'is no pattern: write yyyy, MM, dd, HH, mm, ss, SSS, XXX, or common, iso, epoch-s, epoch-ms';
    compiler.problem(`${pointer}/date`, 'FORMAT', message);
    return undefined;
  }
  const tolerance = ahead === undefined ? undefined : Number(ahead.slice(0, -1)) * UNITS[ahead.slice(-1)]!;
  return { platform, ours, ahead: tolerance };
}

function patternOf(compiler: Compiler, { pattern }: FieldOptions, pointer: string): Field['pattern'] {
  if (pattern === undefined) return undefined;
  try {
    return { text: pattern, evaluator: compiler.sandbox.matcher(pattern) };
  } catch {
    compiler.problem(`${pointer}/pattern`, 'FORMAT', 'is no regular expression');
    return undefined;
  }
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
