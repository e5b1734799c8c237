import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteRules } from './case-note-rules.ts';
import { decode, encode, type MessageInput } from './codec.ts';
import { CodedError, isErrorCode, type Problem } from './error-codes.ts';
import { checkPayload, PAYLOAD_NAMES, type PayloadName } from './payload-rules.ts';
import { noteSamples } from './testing/note-samples.ts';
import { payloadSamples, SAMPLE_TIME } from './testing/payload-samples.ts';

/** A good payload of every type, and of every kind of note. */
const SAMPLES: readonly (readonly [what: string, name: PayloadName, payload: object])[] = [
  ...PAYLOAD_NAMES.map((name) => [name, name, payloadSamples[name]] as const),
  ...noteSamples.map(([note, payload]) => [`CaseNote ${note}`, 'CaseNote', payload] as const),
];

/** Milliseconds within which any bytes are judged, on a machine that does other things too. */
const BUDGET_MS = 2000;

/** More characters than any text of any message may have. */
const TOO_LONG = 'x'.repeat(600_000);
/** Words of an enumeration of the schema: another word cannot be written at all. */
const ENUM_WORD = /^[A-Z]+(_[A-Z]+)+$/;

/** What a receiver makes of bytes: nothing wrong, what is wrong, or a code of the registry. Whatever else is thrown comes out. */
function judge(name: PayloadName, bytes: Uint8Array): readonly Problem[] | string {
  const began = performance.now();
  try {
    return checkPayload(name, decode(name, bytes));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.code;
  } finally {
    expect(performance.now() - began).toBeLessThan(BUDGET_MS);
  }
}

function encoded(name: PayloadName, payload: object): Buffer {
  return encode(name, payload as MessageInput<PayloadName>);
}

/** Where each value of a kind stands in a payload, as a pointer, and the payload with another value in its place. */
function places(
  value: unknown,
  wanted: (leaf: unknown, pointer: string) => boolean,
  pointer = '',
): { readonly pointer: string; readonly replaced: (by: unknown) => unknown }[] {
  if (wanted(value, pointer)) return [{ pointer, replaced: (by) => by }];
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    places(member, wanted, `${pointer}/${key}`).map((place) => ({
      pointer: place.pointer,
      replaced: (by: unknown) => {
        const changed = Array.isArray(value) ? [...value] : { ...value };
        return Object.assign(changed, { [key]: place.replaced(by) });
      },
    })),
  );
}

function pointersOf(name: PayloadName, payload: unknown): string[] {
  const problems = judge(name, encoded(name, payload as object));
  expect(problems).toBeInstanceOf(Array);
  return (problems as readonly Problem[]).map(({ pointer }) => pointer);
}

/** Bytes that were changed on the way, or made by somebody who means no good. */
const spoiling = fc.array(
  fc.record({
    how: fc.constantFrom('flip', 'insert', 'drop', 'double', 'cut'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 12 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function spoiled(good: Buffer, changes: typeof spoiling extends fc.Arbitrary<infer T> ? T : never): Buffer {
  return changes.reduce((bytes, { how, at, length, bytes: given }) => {
    const place = Math.floor(at * bytes.length);
    const [head, rest] = [bytes.subarray(0, place), bytes.subarray(place)];
    if (how === 'cut') return head;
    if (how === 'insert') return Buffer.concat([head, given, rest]);
    if (how === 'drop') return Buffer.concat([head, rest.subarray(length)]);
    if (how === 'double') return Buffer.concat([head, rest.subarray(0, length), rest]);
    const flipped = Buffer.from(bytes);
    given.forEach((byte, index) => {
      if (place + index < flipped.length) flipped[place + index]! ^= byte;
    });
    return flipped;
  }, good);
}

it('there is a sample of every kind of note', () => {
  expect(noteSamples.map(([note]) => note).sort()).toEqual(Object.keys(noteRules).sort());
});

describe.each(SAMPLES)('%s', (_, name, payload) => {
  const good = encoded(name, payload);
  const isText = (leaf: unknown) => typeof leaf === 'string' && !ENUM_WORD.test(leaf);

  it('is good as it is', () => {
    expect(judge(name, good)).toEqual([]);
  });

  it('however it is spoiled, is refused with a code of the registry, or is a good payload', () => {
    fc.assert(
      fc.property(spoiling, (changes) => {
        const bytes = spoiled(good, changes);
        const verdict = judge(name, bytes);
        if (typeof verdict === 'string') {
          expect(isErrorCode(verdict)).toBe(true);
          return;
        }
        for (const problem of verdict)
          expect(problem).toEqual({
            pointer: expect.stringMatching(/^(\/.*)?$/s),
            code: expect.stringMatching(/^[A-Z_]+$/),
            message: expect.stringMatching(/\S/),
          });
        // What is good stays good when it is written down and read again.
        if (verdict.length === 0) expect(judge(name, encoded(name, decode(name, bytes)))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('names every text that is too long or has control characters, at its place', () => {
    // The name of a member that is there; nobody writes it.
    const found = places(payload, (leaf, pointer) => isText(leaf) && pointer !== '/note');
    for (const { pointer, replaced } of name === 'Ping' ? places(payload, isText) : found) {
      expect(pointersOf(name, replaced(TOO_LONG)), pointer).toContain(pointer);
      expect(pointersOf(name, replaced('a\u0000b')), pointer).toContain(pointer);
    }
  });

  it('names every digest of another length and every moment that is none, at its place', () => {
    for (const { pointer, replaced } of places(payload, (leaf) => Buffer.isBuffer(leaf)))
      expect(pointersOf(name, replaced(Buffer.alloc(31))), pointer).toContain(pointer);
    const isMoment = (leaf: unknown, pointer: string) =>
      typeof leaf === 'number' && leaf >= SAMPLE_TIME && !/\/materials\/\d+\/checkedAt$/.test(pointer);
    for (const { pointer, replaced } of places(payload, isMoment))
      for (const none of [-1, 1, 2 ** 52])
        expect(pointersOf(name, replaced(none)), `${pointer} ${none}`).toContain(pointer);
  });
});
