import { faultLine, readLine } from './line-text.ts';
import type { Line } from './lines.ts';

/** Asks the question of a line and says what was answered, or why nothing was, as one line of JSON. */
export async function checkLine(
  line: Line,
  number: number,
  check: (input: unknown) => Promise<object>,
): Promise<string> {
  try {
    return `${JSON.stringify({ line: number, ...(await check(readLine(line))) })}\n`;
  } catch (error) {
    return faultLine(number, error);
  }
}
