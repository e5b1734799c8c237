const NEWLINE = 0x0a;

/** A line longer than allowed; its bytes were dropped as they came. */
export const TOO_LONG = Symbol('a line that is too long');

export type Line = string | typeof TOO_LONG;

/**
 * Splits bytes into lines, in memory of one line: what each chunk completed, together. The last line needs no end.
 *
 * @param maxBytes bytes of a line without its end
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<readonly Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let isDropping = false;
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(isDropping || end - from > maxBytes ? TOO_LONG : bytes.toString('utf8', from, end));
      isDropping = false;
      from = end + 1;
    }
    isDropping ||= bytes.length - from > maxBytes;
    // A copy, since the rest would keep the whole chunk.
    rest = isDropping ? Buffer.alloc(0) : Buffer.from(bytes.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (isDropping) yield [TOO_LONG];
  else if (rest.length > 0) yield [rest.toString('utf8')];
}
