import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_TIME } from '../../proto/testing/payload-samples.ts';
import { VerificationError } from '../errors.ts';
import type { RegionStatement } from '../region/statement.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/throwaway-region.ts';
import { linesOf } from './lines.ts';
import { readVolume, type SealedVolume } from './read-volume.ts';
import type { ArchivedEvidence } from './volume-format.ts';
import { writeVolume } from './write-volume.ts';

const CASE = '0198a000-0000-7000-8000-000000000001';
const evidence: ArchivedEvidence[] = [
  { kind: 'case', id: CASE, peer: '150626', bundle: { format: 'tongban-evidence/1', case: CASE, text: '办件\n"' } },
  { kind: 'check', id: CASE.replace(/1$/, '2'), peer: '150626', bundle: { format: 'tongban-check-evidence/1' } },
];
let nantong: ThrowawayRegion;
let other: ThrowawayRegion;
let good: string;

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: SAMPLE_TIME });
  other = await throwawayRegion('150626', { now: SAMPLE_TIME });
  good = await volumeOf(evidence);
});

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function volumeOf(
  content: readonly ArchivedEvidence[],
  of = nantong,
  number = 1,
  previous = '',
): Promise<string> {
  const lines: string[] = [];
  const writer = { region: of.region, number, previous, signer: of.signing, now: () => SAMPLE_TIME };
  for await (const line of writeVolume(writer, each(content))) lines.push(line);
  return lines.join('');
}

async function read(text: string | Buffer, chunk = 7, of: RegionStatement = nantong.statement) {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) =>
    bytes.subarray(at * chunk, (at + 1) * chunk),
  );
  const found: ArchivedEvidence[] = [];
  const volume = readVolume(linesOf(each(chunks)), () => of);
  for (;;) {
    const { done, value } = await volume.next();
    if (done) return { found, sealed: value as SealedVolume };
    found.push(value);
  }
}

describe('a volume of the archive', () => {
  it('gives back what was put in, whatever the pieces in which it is read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4096 }), async (chunk) => {
        expect(await read(good, chunk)).toEqual({
          found: evidence,
          sealed: {
            region: '320600',
            number: 1,
            previous: '',
            entries: 2,
            openedAt: SAMPLE_TIME,
            closedAt: SAMPLE_TIME,
          },
        });
      }),
      { numRuns: 30 },
    );
  });

  it('may be empty of evidence, and names the volume before it', async () => {
    const { found, sealed } = await read(await volumeOf([], nantong, 8, 'ab'.repeat(32)));
    expect(found).toEqual([]);
    expect(sealed).toMatchObject({ number: 8, previous: 'ab'.repeat(32), entries: 0 });
  });

  it('is not believed when any byte of it was changed', async () => {
    const bytes = Buffer.from(good);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const altered = Buffer.from(bytes);
          altered[at]! ^= flip;
          await expect(read(altered, 512)).rejects.toBeInstanceOf(VerificationError);
        },
      ),
      { numRuns: 300 },
    );
  });

  const lines = () => good.trimEnd().split('\n');
  it.each([
    ['a line is missing', () => [lines()[0], lines()[1], lines()[3]], 'ARCHIVE_INVALID'],
    ['two lines changed places', () => [lines()[0], lines()[2], lines()[1], lines()[3]], 'ARCHIVE_INVALID'],
    ['a line came twice', () => [lines()[0], lines()[1], lines()[1], lines()[2], lines()[3]], 'ARCHIVE_INVALID'],
    ['it has no seal', () => lines().slice(0, 3), 'ARCHIVE_INVALID'],
    ['something stands behind the seal', () => [...lines(), lines()[1]], 'ARCHIVE_INVALID'],
    ['it has nothing but a seal', () => lines().slice(3), 'ARCHIVE_INVALID'],
    [
      'its number is another',
      () => [lines()[0]?.replace('"number":1', '"number":2'), ...lines().slice(1)],
      'ARCHIVE_INVALID',
    ],
    ['it has a member more', () => [lines()[0]?.replace('{', '{"more":1,'), ...lines().slice(1)], 'ARCHIVE_INVALID'],
  ])('is refused when %s', async (_, altered, code) => {
    await expect(read(`${altered().join('\n')}\n`, 512)).rejects.toMatchObject({ code });
  });

  it('is refused when it ends in the middle of a line, and when it is empty', async () => {
    await expect(read(good.trimEnd(), 512)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    await expect(read('', 512)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  it('is refused when another region sealed it, or another key', async () => {
    const forged = await volumeOf(evidence, { ...nantong, signing: other.signing });
    await expect(read(forged, 512)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    const theirs = await volumeOf(evidence, other);
    await expect(read(theirs, 512)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    await expect(read(theirs, 512, other.statement)).resolves.toMatchObject({ found: evidence });
  });

  it('reads no line without end into memory', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, 0x20);
    }
    const reading = readVolume(linesOf(endless()), () => nantong.statement);
    await expect(reading.next()).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});
