import type { Compiler } from '../compiler.ts';
import type { Expression } from '../expressions/expression.ts';
import { compileBody, compileLone } from '../fields/compile-field.ts';
import type { Field } from '../fields/field.ts';
import type { FieldSpec, FileSpec, InRuleSpec, WishSpec } from '../format/mapping-shape.ts';
import { compileCondition, listOf } from './conditions.ts';

/** A rule for records of the platform (收件规则), compiled. */
export interface InRule {
  readonly name: string | undefined;
  readonly when: Expression | undefined;
  /** Why such records mean nothing to us. */
  readonly ignore: string | undefined;
  readonly wishes: readonly WishPlan[];
}

/** How a wish is made. */
export interface WishPlan {
  readonly when: Expression | undefined;
  readonly do: 'open' | 'act' | 'note';
  /** Name of the act or the note. */
  readonly named: Field | undefined;
  /** Which case it is about; the first that has a value. */
  readonly case: readonly { readonly by: CaseName; readonly field: Field }[];
  readonly reference: Field | undefined;
  readonly body: readonly Field[];
  readonly files: readonly FilePlan[];
}

export type CaseName = 'conversation' | 'number' | 'reference';

interface FilePlan {
  readonly each: Expression | undefined;
  /** name, from or content, mediaType */
  readonly fields: readonly Field[];
}

/** Compiles what a mapping says of records, with a problem for everything that is wrong. */
export function compileIn(compiler: Compiler): readonly InRule[] {
  return (compiler.spec.in ?? []).map((spec, index) => compileRule(compiler, spec, `/in/${index}`));
}

function compileRule(compiler: Compiler, spec: InRuleSpec, pointer: string): InRule {
  const { name, ignore, do: several } = spec;
  const ways = [ignore, several, spec.open, spec.act, spec.note].filter((way) => way !== undefined);
  if (ways.length !== 1) compiler.problem(pointer, 'REQUIRED', 'needs exactly one of open, act, note, do and ignore');
  const when = compileCondition(compiler, spec.when, `${pointer}/when`);
  const { case: about, reference } = spec;
  const parts = listOf(spec.with);
  if (several) {
    const inherited = { ...(about !== undefined && { case: about }), ...(reference !== undefined && { reference }) };
    const wishes = several.map((one, index) => {
      const at = `${pointer}/do/${index}`;
      if ([one.open, one.act, one.note].filter((way) => way !== undefined).length !== 1)
        compiler.problem(at, 'REQUIRED', 'needs exactly one of open, act and note');
      return compileWish(compiler, { ...inherited, ...one }, [...parts, ...listOf(one.with)], at);
    });
    return { name, when, ignore, wishes };
  }
  if (ignore !== undefined) return { name, when, ignore, wishes: [] };
  // The condition of the rule is that of its one wish.
  const { when: _when, ...wish } = spec;
  return { name, when, ignore, wishes: [compileWish(compiler, wish, parts, pointer)] };
}

function compileWish(compiler: Compiler, spec: WishSpec, parts: readonly string[], pointer: string): WishPlan {
  const does = spec.open !== undefined ? 'open' : spec.act !== undefined ? 'act' : 'note';
  const named = spec.act ?? spec.note;
  if (does === 'open' && spec.data !== undefined)
    compiler.problem(`${pointer}/data`, 'CONFLICT', 'has no place beside open');
  if (does === 'note' && spec.files) compiler.problem(`${pointer}/files`, 'CONFLICT', 'has no place beside note');
  if (does !== 'open' && spec.case === undefined)
    compiler.problem(pointer, 'REQUIRED', 'needs case: the field with the number of the case that it is about');
  const { reference } = spec;
  const at = `${pointer}/${does === 'open' ? 'open' : 'data'}`;
  return {
    when: compileCondition(compiler, spec.when, `${pointer}/when`),
    do: does,
    named: named === undefined ? undefined : name(compiler, named, `${pointer}/${does}`),
    case: caseSpecs(spec.case).map(([by, field]) => ({ by, field: lone(compiler, field, `${pointer}/case`) })),
    reference: reference === undefined ? undefined : lone(compiler, reference, `${pointer}/reference`),
    body: compileBody(compiler, does === 'open' ? spec.open : spec.data, parts, at, 'in'),
    files: (spec.files ?? []).map((file, index) => compileFile(compiler, file, `${pointer}/files/${index}`)),
  };
}

/** Acts and notes are named as they are; only one that depends on the record is computed. */
function name(compiler: Compiler, spec: FieldSpec, pointer: string): Field {
  const field = compileLone(compiler, typeof spec === 'string' ? { value: spec } : spec, pointer, 'in');
  return { ...field, required: true, type: 'text' };
}

/** A number, which a platform may have as a number. */
function lone(compiler: Compiler, spec: FieldSpec, pointer: string): Field {
  return { ...compileLone(compiler, spec, pointer, 'in'), type: 'text' };
}

function caseSpecs(spec: WishSpec['case']): readonly (readonly [CaseName, FieldSpec])[] {
  if (spec === undefined) return [];
  return typeof spec === 'string' ? [['reference', spec]] : (Object.entries(spec) as [CaseName, FieldSpec][]);
}

function compileFile(compiler: Compiler, spec: FileSpec, pointer: string): FilePlan {
  const { each, name, from, content, media_type: mediaType } = spec;
  const given = Object.entries({ name, from, content, mediaType }).filter(([, field]) => field !== undefined);
  const fields = Object.fromEntries(given) as Readonly<Record<string, FieldSpec>>;
  if ((from === undefined) === (content === undefined))
    compiler.problem(pointer, 'REQUIRED', 'needs exactly one of from and content');
  return {
    each: each === undefined ? undefined : compiler.expression(each, `${pointer}/each`),
    fields: compileBody(compiler, fields, [], pointer, 'in').map((field) => ({ ...field, type: 'text' })),
  };
}
