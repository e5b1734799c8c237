import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeText } from '../encodings.ts';
import { loadMapping } from '../mapping/load-mapping.ts';
import { type RecordFormat, type RecordOptions, readRecords, recordFormat } from '../records/read-records.ts';
import { Unreadable } from '../unreadable.ts';

/** What ends readers of others: entities, byte order marks, quotes that never close, names of prototypes, odd numbers. */
const TOKENS = [
  ...['<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', '&#0;', '<![CDATA[', ']]>', '<!--', '</', '<a xmlns:x="y">'],
  ...['"', "'", ',', '\r\n', '\n"', '\u0000', '\uFEFF', '\uFFFD', '\u2028', '\\u0000', '\\', '{', '[', ']', '}'],
  ...['__proto__', 'constructor', '1e999', '-0', '99999999999999999999', 'null', 'true', '$', '$eval(1)'],
  ...["'; DROP TABLE x; --", '../../etc/passwd', '2026-02-30', '20269999999999', '🀄', '一'.repeat(5_000)],
];
/** Milliseconds of one input: somebody else's record waits behind it. */
const SLOW_MS = 2_000;
const RUNS = 150;

interface Sample {
  readonly example: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly format: RecordFormat;
  readonly options: RecordOptions;
}

async function samplesOf(example: string): Promise<Sample[]> {
  const folder = join(import.meta.dirname, example);
  const names = await readdir(join(folder, 'samples'));
  const known = names.filter((name) => recordFormat(name) !== undefined && !/^(answers|rows|items)\./.test(name));
  return Promise.all(
    known.map(async (name) => {
      const format = recordFormat(name)!;
      const text = await readFile(join(folder, 'samples', name));
      const bytes = format === 'csv' ? encodeText(text.toString(), 'gb18030') : text;
      return {
        example,
        name,
        bytes,
        format,
        options: format === 'csv' ? { csv: { encoding: 'gb18030' as const } } : {},
      };
    }),
  );
}

const MAPPED = ['a01', 'a02', 'a04', 'a05', 'a07', 'a08', 'a09', 'a10', 'a12', 'a13', 'a14', 'a15'];
const folders = (await readdir(import.meta.dirname)).filter((name) => MAPPED.includes(name.slice(0, 3))).sort();
const samples = (await Promise.all(folders.map(samplesOf))).flat();

/** A sample with a few places of it changed: bytes lost, repeated or swapped for others, and hostile words put in. */
const change = fc.oneof(
  fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 40 }),
    put: fc.constantFrom(...TOKENS).map((token) => Buffer.from(token)),
  }),
  fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 3 }),
    put: fc.uint8Array({ maxLength: 4 }).map((raw) => Buffer.from(raw)),
  }),
  fc.record({ at: fc.nat(), drop: fc.nat({ max: 100_000 }), put: fc.constant(Buffer.alloc(0)) }),
);

function changed(bytes: Buffer, changes: readonly { at: number; drop: number; put: Buffer }[]): Buffer {
  return changes.reduce((before, { at, drop, put }) => {
    const place = at % (before.length + 1);
    return Buffer.concat([before.subarray(0, place), put, before.subarray(place + drop)]);
  }, bytes);
}

describe('whatever becomes of a sample', () => {
  let inputs = 0;
  let understood = 0;
  let parked = 0;

  it.each(samples)('$example $name is understood or refused, soon, and without a word of it', async (sample) => {
    const { example, bytes, format, options } = sample;
    const mapping = await loadMapping(join(import.meta.dirname, example, 'mapping.yaml'), {
      now: () => Date.UTC(2026, 10, 22),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 0, maxLength: 4 }), async (changes) => {
        const began = performance.now();
        inputs += 1;
        const found = await readRecords(changed(bytes, changes), format, options).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Unreadable);
          return [];
        });
        for (const { document } of format === 'json' ? found.flatMap(each) : found) {
          const mapped = await mapping.in(document);
          if (mapped.ok) understood += 1;
          else {
            parked += 1;
            expect(mapped.problems).not.toEqual([]);
            // A long run of one sign is a value, and problems have none.
            expect(JSON.stringify(mapped.problems)).not.toMatch(/一{50}|DROP TABLE|etc\/passwd/);
          }
        }
        expect(performance.now() - began).toBeLessThan(SLOW_MS);
      }),
      { numRuns: RUNS },
    );
  });

  afterAll(() => {
    // A test whose inputs all ended in the same way would have looked at nothing.
    expect(Math.min(understood, parked, inputs)).toBeGreaterThan(RUNS);
  });
});

function each(found: { readonly document: unknown }): { readonly document: unknown }[] {
  return Array.isArray(found.document) ? found.document.map((document: unknown) => ({ document })) : [found];
}
