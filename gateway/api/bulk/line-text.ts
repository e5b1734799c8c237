import { CodedError } from '#proto';
import { codedError } from '../problem.ts';
import { demandShape } from '../shell/json-shape.ts';
import { type Line, TOO_LONG } from './lines.ts';

/** Wrong fields of one line that are listed, at most. */
const MAX_PROBLEMS = 100;

/**
 * What a line says.
 *
 * @throws CodedError REQUEST_INVALID
 */
export function readLine(line: Line): unknown {
  if (line === TOO_LONG) throw new CodedError('REQUEST_INVALID', 'the line is longer than 64 KiB');
  demandShape(line);
  try {
    return JSON.parse(line);
  } catch {
    throw new CodedError('REQUEST_INVALID', 'the line is not well-formed JSON');
  }
}

/** Says in one line of JSON what went wrong with a line. */
export function faultLine(number: number, error: unknown): string {
  const { code, message, problems } = codedError(error);
  return `${JSON.stringify({ line: number, code, message, errors: problems.slice(0, MAX_PROBLEMS) })}\n`;
}
