import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode, typeName } from './codec.ts';
import { PAYLOAD_NAMES } from './payload-rules.ts';
import { payloadSamples } from './testing/payload-samples.ts';

const malformed = expect.objectContaining({ code: 'MALFORMED' });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const blob = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const header = fc.record({
  version: fc.nat(0xffff),
  critical: fc.array(text, { maxLength: 3 }),
  id: text,
  type: text,
  sender: text,
  recipient: text,
  conversation: text,
  sequence: fc.maxSafeNat(),
  sentAt: fc.maxSafeInteger(),
  expiresAt: fc.maxSafeNat(),
  authorizationId: text,
  authorizationDigest: blob,
  inReplyTo: text,
  payloadDigest: blob,
  suite: text,
});

describe('a message', () => {
  it('comes back as it was written, and the same fields always give the same bytes', () => {
    fc.assert(
      fc.property(header, (fields) => {
        const bytes = encode('EnvelopeHeader', fields);
        expect(decode('EnvelopeHeader', bytes)).toEqual(fields);
        expect(encode('EnvelopeHeader', Object.fromEntries(Object.entries(fields).reverse()))).toEqual(bytes);
      }),
    );
  });

  it('has every field after decoding, those that were not sent with their default', () => {
    expect(decode('ReceiptBody', Buffer.alloc(0))).toMatchObject({
      version: 0,
      issuer: '',
      leafHash: Buffer.alloc(0),
      sequence: 0,
      outcome: 'OUTCOME_UNSPECIFIED',
    });
    expect(decode('Envelope', Buffer.alloc(0)).seal).toBeNull();
  });

  it.each(PAYLOAD_NAMES)('%s comes back as the sample was written', (name) => {
    expect(decode(name, encode(name, payloadSamples[name]))).toEqual(payloadSamples[name]);
  });

  it('keeps the largest number that is exact, as time and as count', () => {
    const fields = { sequence: Number.MAX_SAFE_INTEGER, sentAt: Number.MAX_SAFE_INTEGER };
    expect(decode('EnvelopeHeader', encode('EnvelopeHeader', fields))).toMatchObject(fields);
  });

  it('is named with its package', () => {
    expect(typeName('CaseTransfer')).toBe('tongban.v1.CaseTransfer');
  });
});

describe('bytes that came', () => {
  const whole = encode('EnvelopeHeader', { version: 1, id: 'an id', payloadDigest: Buffer.alloc(32, 7) });

  it('are malformed when they end inside a digest', () => {
    for (let missing = 1; missing <= 32; missing += 1)
      expect(() => decode('EnvelopeHeader', whole.subarray(0, whole.length - missing))).toThrow(malformed);
  });

  it.each([
    ['a group that never ends', [0x0b]],
    ['a length beyond the end', [0x72, 0x7f, 0x41]],
    ['a number of eleven bytes', [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a wire type that does not exist', [0x0f]],
  ])('are malformed with %s', (_, bytes) => {
    expect(() => decode('EnvelopeHeader', Uint8Array.from(bytes))).toThrow(malformed);
  });

  it('never make the codec fail in another way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode('Envelope', bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('may hold fields of a newer version, which are ignored', () => {
    const newer = Buffer.concat([whole, Buffer.from([0xfa, 0x01, 0x03, 0x61, 0x62, 0x63])]);
    expect(decode('EnvelopeHeader', newer)).toEqual(decode('EnvelopeHeader', whole));
  });
});
