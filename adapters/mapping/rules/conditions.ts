import type { Problem } from '#proto';
import type { Compiler } from '../compiler.ts';
import { answersOf, type Expression } from '../expressions/expression.ts';
import type { Work } from '../expressions/sandbox.ts';
import { type Source, shown } from '../fields/field.ts';

/** Compiles a condition; undefined, where there is none, always holds. */
export function compileCondition(
  compiler: Compiler,
  condition: string | boolean | undefined,
  pointer: string,
): Expression | undefined {
  return condition === undefined ? undefined : compiler.expression(String(condition), pointer);
}

/**
 * Which conditions hold, up to and including the first that does when only that one is asked for.
 *
 * @param pointers of what the conditions are for; a condition that is neither true nor false becomes a problem there
 */
export function* holding(
  conditions: readonly (Expression | undefined)[],
  { input, record }: Source,
  pointers: readonly string[],
  problems: Problem[],
  only: 'first' | 'all',
): Work<readonly number[]> {
  const asked = conditions.filter((condition) => condition !== undefined);
  const answers = yield* answersOf(asked.map((expression) => ({ expression, input, record })));
  const found: number[] = [];
  let next = 0;
  for (const [index, condition] of conditions.entries()) {
    const answer = condition ? answers[next++]! : { value: true };
    const fault = 'fault' in answer ? answer.fault.message : undefined;
    const value = 'fault' in answer ? undefined : answer.value;
    if (value !== true && value !== false && value !== undefined) {
      problems.push(wrong(pointers[index]!, condition!, 'must be true or false, as in $exists(NAME) or NAME = "1"'));
    } else if (fault !== undefined) {
      problems.push(wrong(pointers[index]!, condition!, fault));
    } else if (value === true) {
      found.push(index);
    }
    // Whether an earlier rule is about the record is not known then.
    if (only === 'first' && (found.length > 0 || problems.length > 0)) break;
  }
  return found;
}

function wrong(pointer: string, { text }: Expression, message: string): Problem {
  return { pointer, code: 'EXPRESSION', message: `${message} (when: ${shown(text)})` };
}

/** One name or several. */
export function listOf(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  return typeof names === 'string' ? [names] : names;
}
