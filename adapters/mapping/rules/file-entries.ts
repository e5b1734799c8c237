import type { Problem } from '#proto';
import { answersOf, type Expression } from '../expressions/expression.ts';
import type { Work } from '../expressions/sandbox.ts';
import { type Source, shown } from '../fields/field.ts';

/** Files of one wish, or of one document. */
export const FILES_MOST = 100;

/** The list that `each` of some files gives, as long as it may be and one more. */
export function* entriesOf(
  expression: Expression,
  { input, record }: Source,
  pointer: string,
  problems: Problem[],
): Work<readonly unknown[]> {
  const [answer] = yield* answersOf([{ expression, input, record }]);
  if ('fault' in answer!) {
    const { code, message } = answer.fault;
    problems.push({ pointer, code, message: `${message} (from ${shown(expression.text)})` });
    return [];
  }
  const { value } = answer!;
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).slice(0, FILES_MOST + 1);
}
