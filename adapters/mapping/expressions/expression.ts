import type { Expression as Evaluator, ExprNode } from 'jsonata';
import type { Problem } from '#proto';
import { MappingFault } from '../fault.ts';
import { plain } from './plain.ts';
import type { Evaluation, LentFunction, Outcome, Sandbox, Work } from './sandbox.ts';
import { ASK_JSONATA, type Shortcut, shortcutOf } from './shortcut.ts';

/** A JSONata expression of a mapping (表达式), ready to be evaluated. */
export interface Expression {
  /** As it stands in the mapping. */
  readonly text: string;
  readonly evaluator: Evaluator;
  /** The way past JSONata, where there is one. */
  readonly shortcut: Shortcut | undefined;
}

/** An expression and what it looks at. */
export interface Question {
  readonly expression: Expression;
  readonly input: unknown;
  /** The whole record or event, for `$record` where the input is only a part of it. */
  readonly record: unknown;
}

/** What an expression gives: plain JSON or undefined, or why it gives nothing. */
export type Answer = { readonly value: unknown } | { readonly fault: MappingFault };

/**
 * Compiles an expression.
 *
 * @param pointer of it within the mapping file
 * @returns undefined with a problem that names the place of the mistake
 */
export function compileExpression(
  sandbox: Sandbox,
  functions: Readonly<Record<string, LentFunction>>,
  text: string,
  pointer: string,
  problems: Problem[],
): Expression | undefined {
  try {
    const evaluator = sandbox.compile(text, functions);
    return { text, evaluator, shortcut: shortcutOf(evaluator.ast() as ExprNode) };
  } catch (error) {
    const { message, position } = error as { message?: string; position?: number };
    const place = position === undefined ? '' : `, at character ${position}`;
    problems.push({ pointer, code: 'EXPRESSION', message: `is no JSONata expression: ${message ?? 'wrong'}${place}` });
    return undefined;
  }
}

/** Evaluates a group of expressions; the answers come in their order. */
export function* answersOf(questions: readonly Question[]): Work<readonly Answer[]> {
  const answers: (Answer | undefined)[] = questions.map(shortly);
  const open: Evaluation[] = [];
  for (const [index, { expression, input, record }] of questions.entries())
    if (!answers[index]) open.push({ evaluator: expression.evaluator, input, bindings: { record } });
  if (open.length === 0) return answers as Answer[];
  const outcomes = yield open;
  let next = 0;
  return answers.map((answer) => answer ?? answerOf(outcomes[next++]!));
}

function shortly({ expression: { shortcut }, input }: Question): Answer | undefined {
  const value = shortcut ? shortcut(input) : ASK_JSONATA;
  if (value === ASK_JSONATA) return undefined;
  if (typeof value !== 'object') return { value };
  try {
    return { value: plain(value) };
  } catch (fault) {
    return { fault: fault as MappingFault };
  }
}

function answerOf(outcome: Outcome): Answer {
  if ('value' in outcome) return outcome;
  const { fault } = outcome;
  return { fault: fault instanceof MappingFault ? fault : new MappingFault('EXPRESSION', wordsFor(fault)) };
}

/** JSONata's own messages repeat values of the record: only their code is told, with words of ours. */
const WORDS: Readonly<Record<string, string>> = {
  D1011: 'calls itself without end',
  D2015: 'makes a list of more than 10,000 entries',
  D2014: 'makes a list of more than 10,000 entries',
  D3030: 'needs a number and is given a text that is none',
  T1006: 'calls something that is no function; check the names after $',
  T2001: 'calculates with something that is no number',
  T2002: 'calculates with something that is no number',
  T2010: 'compares things of different types; put $number() or $string() around one of them',
  T2009: 'compares things of different types; put $number() or $string() around one of them',
};

function wordsFor(fault: unknown): string {
  const { code } = fault as { code?: unknown };
  if (typeof code !== 'string' || !/^[A-Z]\d{4}$/.test(code)) return 'its expression cannot be computed';
  const words =
    WORDS[code] ?? (code.startsWith('T04') ? 'calls a function with something of the wrong type' : undefined);
  return words ? `its expression ${words} (${code})` : `its expression cannot be computed (JSONata ${code})`;
}
