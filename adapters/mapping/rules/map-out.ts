import type { Problem } from '#proto';
import type { Compiler } from '../compiler.ts';
import type { Expression } from '../expressions/expression.ts';
import type { Work } from '../expressions/sandbox.ts';
import { compileBody } from '../fields/compile-field.ts';
import { type Field, fill, type Source } from '../fields/field.ts';
import type { DocumentSpec, OutRuleSpec } from '../format/mapping-shape.ts';
import type { MappedMaterial } from '../mapping.ts';
import { compileCondition, holding, listOf } from './conditions.ts';
import { compileOutFiles, type OutFilePlan, outFiles } from './out-files.ts';

/** A rule for events (发件规则), compiled. */
export interface OutRule {
  /** Matches whole types of events. */
  readonly on: RegExp;
  readonly readsCase: boolean;
  readonly when: Expression | undefined;
  readonly documents: readonly DocumentPlan[];
}

interface DocumentPlan {
  readonly when: Expression | undefined;
  readonly body: readonly Field[];
  readonly files: readonly OutFilePlan[];
}

/** What an event becomes. */
interface Told {
  readonly documents: readonly unknown[];
  /** Of each document. */
  readonly files: readonly (readonly MappedMaterial[])[];
  /** By their pointers within `{documents: […]}`. */
  readonly problems: readonly Problem[];
}

/** Compiles what a mapping says of events, with a problem for everything that is wrong. */
export function compileOut(compiler: Compiler): readonly OutRule[] {
  return (compiler.spec.out ?? []).map((spec, index) => compileRule(compiler, spec, `/out/${index}`));
}

function compileRule(compiler: Compiler, spec: OutRuleSpec, pointer: string): OutRule {
  const { document, documents: several, ignore, reads, files } = spec;
  if ([document, several, ignore].filter((way) => way !== undefined).length !== 1)
    compiler.problem(pointer, 'REQUIRED', 'needs exactly one of document, documents and ignore');
  if (files && document === undefined)
    compiler.problem(`${pointer}/files`, 'CONFLICT', 'stands beside document, or within one of documents');
  const own = { ...(files && { files }) };
  const specs: readonly DocumentSpec[] = several ?? (document === undefined ? [] : [{ document, ...own }]);
  const parts = listOf(spec.with);
  return {
    on: typesOf(listOf(spec.on)),
    readsCase: reads === 'case',
    when: compileCondition(compiler, spec.when, `${pointer}/when`),
    documents: specs.map((one, index) => {
      const at = several ? `${pointer}/documents/${index}` : pointer;
      if (one.files && reads !== 'case')
        compiler.problem(`${at}/files`, 'CONFLICT', 'needs reads: case, since materials are those of a case');
      return {
        when: compileCondition(compiler, one.when, `${at}/when`),
        body: compileBody(compiler, one.document, [...parts, ...listOf(one.with)], `${at}/document`, 'out'),
        files: compileOutFiles(compiler, one.files, `${at}/files`),
      };
    }),
  };
}

/** `*` stands for any part of a type. */
function typesOf(patterns: readonly string[]): RegExp {
  const sources = patterns.map((pattern) => pattern.split('*').map(literally).join('.*'));
  return new RegExp(`^(?:${sources.join('|')})$`);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Puts one event into the platform's words by the first rule that is about it; without one it does not concern it. */
export function* mapOut(rules: readonly OutRule[], type: string, source: Source): Work<Told> {
  const problems: Problem[] = [];
  const about = rules.filter(({ on }) => on.test(type));
  const pointers = about.map((rule) => `/out/${rules.indexOf(rule)}/when`);
  const [index] = yield* holding(
    about.map(({ when }) => when),
    source,
    pointers,
    problems,
    'first',
  );
  if (index === undefined) return { documents: [], files: [], problems };
  const { documents: plans } = about[index]!;
  const asked = plans.map((_plan, at) => `/out/${rules.indexOf(about[index]!)}/documents/${at}/when`);
  const chosen = yield* holding(
    plans.map(({ when }) => when),
    source,
    asked,
    problems,
    'all',
  );
  const documents: unknown[] = [];
  const files: (readonly MappedMaterial[])[] = [];
  for (const at of chosen) {
    const { body, files: named } = plans[at]!;
    const pointer = `/documents/${documents.length}`;
    const found = yield* outFiles(named, source, `${pointer}/files`, problems);
    const input = named.length > 0 ? { ...(source.input as object), files: found } : source.input;
    documents.push(yield* fill(body, { ...source, input, record: input }, pointer, problems));
    files.push(found);
  }
  return { documents, files, problems };
}
