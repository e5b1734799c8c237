import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Context, createContext, Script } from 'node:vm';
import type { Expression } from 'jsonata';
import { MappingTimeout } from '../fault.ts';
import { plain } from './plain.ts';

/** Time for all the expressions of one record or event. It is so long only because a busy machine stands still at times. */
export const EVALUATION_MS = 1_000;
/** Evaluations within each other; a mapping that needs more is one that never ends. */
export const EVALUATION_DEPTH = 200;
/** Entries of a list that arises while an expression is evaluated. */
export const LIST_ENTRIES = 10_000;

/** One expression to be evaluated by JSONata itself. */
export interface Evaluation {
  readonly evaluator: Pick<Expression, 'evaluate'>;
  readonly input: unknown;
  readonly bindings: Readonly<Record<string, unknown>>;
}

/** What came of it: plain JSON, undefined where there is nothing, or what was thrown. */
export type Outcome = { readonly value: unknown } | { readonly fault: unknown };

/** Work that asks for evaluations by and by, in groups, and is given their outcomes in the same order. */
export type Work<T> = Generator<readonly Evaluation[], T, readonly Outcome[]>;

/** A function that expressions may call, with its JSONata signature. */
export interface LentFunction {
  readonly signature: string;
  readonly call: (...args: never[]) => unknown;
}

const LIBRARY = new Script(
  `(() => { const module = { exports: {} }, exports = module.exports;
${readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8')}
return module.exports; })()`,
  { filename: 'jsonata.js' },
);

/** Evaluates one group of expressions after the other until `next` has no more. */
const LOOP = new Script(
  `(next) => { (async () => {
    for (let group = next([]); group; ) {
      const outcomes = [];
      for (const { evaluator, input, bindings } of group) {
        try { outcomes.push({ value: await evaluator.evaluate(input, bindings) }); }
        catch (fault) { outcomes.push({ fault }); }
      }
      group = next(outcomes);
    }
  })(); }`,
  { filename: 'loop.js' },
);

/** Makes what tells whether the whole of a text matches. */
const MATCHER = new Script(
  `(source) => {
    const whole = new RegExp('^(?:' + source + ')$', 'u');
    return { evaluate: async (text) => whole.test(text) };
  }`,
  { filename: 'matcher.js' },
);

const ENTER = new Script('loop(next)', { filename: 'enter.js' });

type Compile = (text: string, options: object) => Expression;
type Loop = (next: unknown) => void;
type MakeMatcher = (source: string) => Evaluation['evaluator'];

/**
 * JSONata in a context of its own (沙箱), whose promises are settled before a call returns: so one watchdog bounds
 * everything that expressions do, regular expressions included, which JSONata's own limits cannot stop. It is no wall
 * against a hostile author of mappings, who is trusted like the rest of the configuration, but against what his
 * expressions meet in records.
 */
export class Sandbox {
  readonly #context: Context;
  readonly #compile: Compile;
  readonly #makeMatcher: MakeMatcher;

  readonly #ms: number;

  /** @param ms time for all the expressions of one record or event */
  constructor(ms: number = EVALUATION_MS) {
    this.#ms = ms;
    const globals = Object.create(null) as object;
    this.#context = createContext(globals, {
      microtaskMode: 'afterEvaluate',
      codeGeneration: { strings: false, wasm: false },
    });
    this.#compile = LIBRARY.runInContext(this.#context) as Compile;
    this.#makeMatcher = MATCHER.runInContext(this.#context) as MakeMatcher;
    this.#context['loop'] = LOOP.runInContext(this.#context) as Loop;
  }

  /** @throws what JSONata throws of a wrong syntax, with `message` and `position` */
  compile(text: string, functions: Readonly<Record<string, LentFunction>>): Expression {
    const expression = this.#compile(text, { stack: EVALUATION_DEPTH, sequence: LIST_ENTRIES });
    for (const [name, { signature, call }] of Object.entries(functions))
      expression.registerFunction(name, call as (...args: unknown[]) => unknown, signature);
    return expression;
  }

  /**
   * What tells whether the whole of a text matches a regular expression.
   *
   * @throws SyntaxError of the other context
   */
  matcher(source: string): Evaluation['evaluator'] {
    return this.#makeMatcher(source);
  }

  /**
   * Does a work to its end; the context is entered once at most, and not at all when it asks for nothing.
   *
   * @throws MappingTimeout when its time is over, and whatever the work throws
   */
  run<T>(work: Work<T>): T {
    let step = work.next();
    if (step.done) return step.value;
    let thrown: { readonly error: unknown } | undefined;
    let isFirst = true;
    this.#context['next'] = (outcomes: readonly Outcome[]) => {
      try {
        if (!isFirst) step = work.next(outcomes.map(toPlain));
        isFirst = false;
        return step.done ? undefined : step.value;
      } catch (error) {
        thrown = { error };
        return undefined;
      }
    };
    try {
      ENTER.runInContext(this.#context, { timeout: this.#ms });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const message = `its expressions did not end within ${this.#ms} ms; look for recursion and for regular expressions`;
      throw new MappingTimeout(message);
    } finally {
      this.#context['next'] = undefined;
    }
    if (thrown) throw thrown.error;
    return step.value as T;
  }
}

function toPlain(outcome: Outcome): Outcome {
  if ('fault' in outcome) return outcome;
  try {
    return { value: plain(outcome.value) };
  } catch (fault) {
    return { fault };
  }
}
