import { CodedError, ERROR_CODES, type Problem, type Rule } from '#proto';
import { HttpFault } from '../problem.ts';

/**
 * For routes whose input a rule or a service judges, check digits and all, so that every wrong field is named at once:
 * the schemas of such a route only describe it.
 */
export const RULED = { validatorCompiler: () => () => true };

/**
 * Holds an input against its rule.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export function readInput<T>(rule: Rule, input: unknown): T {
  const problems: Problem[] = [];
  rule(input, '', problems);
  demandNone(problems);
  return input as T;
}

/**
 * Holds the query of a route that rules judge against its own rule.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong parameter
 */
export function readQuery<T>(rule: Rule, query: unknown): T {
  const problems: Problem[] = [];
  rule(query, '/query', problems);
  demandNone(problems);
  return query as T;
}

/** Runs what judges one member of a body; what it finds wrong joins the problems, pointed to from the body's root. */
export function within<T>(pointer: string, problems: Problem[], judge: () => T): T | undefined {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'VALIDATION_FAILED') throw error;
    problems.push(...error.problems.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })));
    return undefined;
  }
}

/** @throws CodedError VALIDATION_FAILED if anything is wrong */
export function demandNone(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}

/**
 * Runs what judges signatures inside a body. 401 is about the caller's own token only (RFC 9110 section 15.5.2): a bad
 * signature in what the caller sent is 422.
 */
export async function judgingContent<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CodedError) || ERROR_CODES[error.code].http !== 401) throw error;
    throw new HttpFault(error.code, 422, error.message, { problems: error.problems });
  }
}
