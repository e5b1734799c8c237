import type { Problem } from '#proto';
import { compileExpression, type Expression } from './expressions/expression.ts';
import { lentFunctions } from './expressions/functions.ts';
import { unknownNames } from './expressions/known-names.ts';
import { type LentFunction, Sandbox } from './expressions/sandbox.ts';
import { MappingFault } from './fault.ts';
import { type DateStyle, dateStyle } from './fields/date-style.ts';
import { Tables } from './fields/table.ts';
import { isLongTable, type MappingSpec } from './format/mapping-shape.ts';

/** What the compilation of a mapping needs everywhere: its tables, its sandbox, and where problems go. */
export class Compiler {
  readonly sandbox = new Sandbox();
  readonly tables: Tables;
  readonly clock: { now(): number };
  readonly problems: Problem[];
  readonly spec: MappingSpec;
  readonly #functions: Readonly<Record<string, LentFunction>>;
  readonly #styles = new Map<string, DateStyle>();

  constructor(spec: MappingSpec, clock: { now(): number }, problems: Problem[]) {
    this.spec = spec;
    this.clock = clock;
    this.problems = problems;
    const tables = Object.entries(spec.tables ?? {}).map(([name, table]) => [
      name,
      isLongTable(table) ? table : { codes: table as Readonly<Record<string, string>> },
    ]);
    this.tables = new Tables(Object.fromEntries(tables));
    this.#functions = lentFunctions({ tables: this.tables, dateStyle: (pattern) => this.#styleOf(pattern), clock });
  }

  /** @returns undefined, with a problem, when it is wrong */
  expression(text: string, pointer: string): Expression | undefined {
    const expression = compileExpression(this.sandbox, this.#functions, text, pointer, this.problems);
    const unknown = expression ? unknownNames(expression.evaluator.ast(), Object.keys(this.#functions)) : [];
    for (const name of unknown)
      this.problem(pointer, 'EXPRESSION', `uses $${name}, which there is not; check its spelling`);
    return expression;
  }

  problem(pointer: string, code: string, message: string): void {
    this.problems.push({ pointer, code, message });
  }

  /** For expressions that name a pattern while they run; they name few. */
  #styleOf(pattern: string): DateStyle {
    const known = this.#styles.get(pattern);
    if (known) return known;
    const style = dateStyle([pattern], this.spec.zone ?? DEFAULT_ZONE);
    if (!style) throw new MappingFault('EXPRESSION', 'its expression names a pattern of dates that there is not');
    if (this.#styles.size < 100) this.#styles.set(pattern, style);
    return style;
  }
}

/** All of China keeps one time. */
export const DEFAULT_ZONE = '+08:00';
