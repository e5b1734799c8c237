import { MappingFault } from '../fault.ts';

/** Texts of a result together, in characters. */
export const RESULT_CHARACTERS = 1024 * 1024;
/** Values of a result, the inner ones included. */
export const RESULT_VALUES = 10_000;
const RESULT_DEPTH = 32;

/**
 * The result of an expression as plain JSON: without the marks that JSONata leaves on lists, with nothing that is no data.
 *
 * @returns undefined where there is nothing
 * @throws MappingFault EXPRESSION
 */
export function plain(value: unknown): unknown {
  const budget = { characters: RESULT_CHARACTERS, values: RESULT_VALUES };
  return copy(value, budget, 0);
}

function copy(value: unknown, budget: { characters: number; values: number }, depth: number): unknown {
  budget.values -= 1;
  if (budget.values < 0 || depth > RESULT_DEPTH) throw tooLarge();
  if (typeof value === 'string') {
    budget.characters -= value.length;
    if (budget.characters < 0) throw tooLarge();
    return value;
  }
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new MappingFault('EXPRESSION', 'its expression gives a number that is none');
  }
  if (Array.isArray(value)) return Array.from(value, (entry: unknown) => copy(entry, budget, depth + 1));
  if (typeof value !== 'object' || '_jsonata_function' in value || '_jsonata_lambda' in value)
    throw new MappingFault('EXPRESSION', 'its expression gives a function; call it, as in $now()');
  // Makes own members only, whatever their names are.
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, copy(entry, budget, depth + 1)]));
}

function tooLarge(): MappingFault {
  return new MappingFault('EXPRESSION', 'its expression gives too much: at most 10,000 values and 1 MiB of text');
}
