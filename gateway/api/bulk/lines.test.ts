import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, readLines, TOO_LONG } from './lines.ts';

async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of [...cuts.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from) yield bytes.subarray(from, cut);
    from = Math.max(from, cut);
  }
}

async function linesOf(bytes: Buffer, cuts: readonly number[], max: number): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const some of readLines(pieces(bytes, cuts), max)) lines.push(...some);
  return lines;
}

test('lines are the same wherever the chunks are cut, also inside a character', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('\n', '通'));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 6 }), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      expect(await linesOf(bytes, cuts, 1000)).toEqual(lines.map((text) => Buffer.from(text).toString()));
    }),
  );
});

test('the last line needs no end', async () => {
  expect(await linesOf(Buffer.from('a\nb'), [], 10)).toEqual(['a', 'b']);
  expect(await linesOf(Buffer.from('a\n'), [], 10)).toEqual(['a']);
  expect(await linesOf(Buffer.from(''), [], 10)).toEqual([]);
});

test('a line that is too long is one answer and the next lines follow', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.array(fc.nat(), { maxLength: 9 }), async (length, cuts) => {
      const bytes = Buffer.from(`ab\n${'x'.repeat(length)}\ncd`);
      const middle = length > 10 ? TOO_LONG : 'x'.repeat(length);
      expect(await linesOf(bytes, cuts, 10)).toEqual(['ab', middle, 'cd']);
    }),
  );
  expect(await linesOf(Buffer.from('x'.repeat(30)), [5, 12, 20], 10)).toEqual([TOO_LONG]);
});
