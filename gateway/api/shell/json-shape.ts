import { CodedError } from '#proto';

/** Objects and lists within one another, and all values together: far above what any schema takes. */
const JSON_DEPTH = 32;
const JSON_VALUES = 100_000;

const QUOTE = '"'.charCodeAt(0);
const ESCAPE = '\\'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const OPENING: ReadonlySet<number> = new Set(['{', '['].map((sign) => sign.charCodeAt(0)));
const CLOSING: ReadonlySet<number> = new Set(['}', ']'].map((sign) => sign.charCodeAt(0)));

/**
 * Looks at the shape of JSON text before it is parsed, so that nobody builds what no schema would take.
 *
 * @throws CodedError REQUEST_INVALID when it is nested too deep or holds too many values
 */
export function demandShape(json: string): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    const sign = json.charCodeAt(at);
    if (sign === QUOTE) at = endOfText(json, at + 1);
    else if (sign === COMMA) values += 1;
    else if (CLOSING.has(sign)) depth -= 1;
    else if (OPENING.has(sign)) {
      depth += 1;
      values += 1;
    }
    if (depth > JSON_DEPTH) throw new CodedError('REQUEST_INVALID', `the JSON is nested deeper than ${JSON_DEPTH}`);
    if (values > JSON_VALUES)
      throw new CodedError('REQUEST_INVALID', `the JSON holds more than ${JSON_VALUES} values; send less at once`);
  }
}

/** @returns where the closing quote is, or the end of the text */
function endOfText(json: string, from: number): number {
  let at = from;
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === ESCAPE ? 2 : 1;
  return at;
}
