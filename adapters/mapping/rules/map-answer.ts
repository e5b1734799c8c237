import type { Compiler } from '../compiler.ts';
import type { Expression } from '../expressions/expression.ts';
import { answersOf } from '../expressions/expression.ts';
import type { Work } from '../expressions/sandbox.ts';
import { compileLone } from '../fields/compile-field.ts';
import { type Field, fill, type Source } from '../fields/field.ts';
import type { MappedAnswer } from '../mapping.ts';
import { compileCondition } from './conditions.ts';

/** How answers of the platform are judged (应答判定), compiled. */
export interface AnswerRule {
  readonly taken: Expression | undefined;
  readonly retry: Expression | undefined;
  readonly fields: readonly Field[];
}

/** What an answer that the rule cannot judge is called. */
const UNREADABLE: MappedAnswer = { verdict: 'refuse', reason: 'ANSWER_UNREADABLE' };

/** Compiles what a mapping says of answers; undefined when it says nothing. */
export function compileAnswer(compiler: Compiler): AnswerRule | undefined {
  const { answer } = compiler.spec;
  if (!answer) return undefined;
  const field = (name: 'reference' | 'reason'): Field[] => {
    const spec = answer[name];
    return spec === undefined
      ? []
      : [{ ...compileLone(compiler, spec, `/answer/${name}`, 'in'), target: [name], type: 'text' }];
  };
  return {
    taken: compileCondition(compiler, answer.taken, '/answer/taken'),
    retry: compileCondition(compiler, answer.retry, '/answer/retry'),
    fields: [...field('reference'), ...field('reason')],
  };
}

/** Judges one answer: taken, else to be tried again, else refused. One that cannot be judged is refused, for a person to see. */
export function* mapAnswer({ taken, retry, fields }: AnswerRule, source: Source): Work<MappedAnswer> {
  const { input, record } = source;
  const asked = [taken, retry].filter((expression) => expression !== undefined);
  const answers = yield* answersOf(asked.map((expression) => ({ expression, input, record })));
  const values = answers.map((answer) => ('value' in answer ? (answer.value ?? false) : undefined));
  if (!values.every((value) => typeof value === 'boolean')) return UNREADABLE;
  const made = (yield* fill(fields, source, '', [])) as { reference?: string; reason?: string };
  const reason = made.reason !== undefined && /^[\w.:-]{1,64}$/.test(made.reason) ? { reason: made.reason } : {};
  if (!values[0]) return { verdict: values[1] ? 'retry' : 'refuse', ...reason };
  return { verdict: 'taken', ...(made.reference !== undefined && { reference: made.reference }), ...reason };
}

/** What an answer is called whose judgement took too long. */
export function unreadable(): MappedAnswer {
  return UNREADABLE;
}
