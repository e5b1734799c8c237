import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitions, encode, type MessageName, typeName } from './codec.ts';
import { PAYLOAD_NAMES } from './payload-rules.ts';
import { payloadSamples } from './testing/payload-samples.ts';
import { isWellFormed, wireShapes } from './wire-shape.ts';

const shapes = wireShapes(definitions);
const check = (name: MessageName, bytes: Uint8Array) => isWellFormed(shapes.get(typeName(name)), bytes);
const header = encode('EnvelopeHeader', {
  version: 1,
  critical: ['a'],
  id: '01920000-0000-7000-8000-000000000001',
  sentAt: 1_793_577_600_000,
  payloadDigest: Buffer.alloc(32, 7),
  suite: 'ES256',
});

describe('the bytes of a message', () => {
  it.each(PAYLOAD_NAMES)('are whole for the sample of %s', (name) => {
    expect(check(name, encode(name, payloadSamples[name]))).toBe(true);
  });

  it('are whole with nothing in them, and with fields of a newer version', () => {
    expect(check('EnvelopeHeader', Buffer.alloc(0))).toBe(true);
    const newer = [
      0xfa, 0x01, 0x01, 0x61, 0x80, 0x02, 0x7f, 0x8d, 0x02, 1, 2, 3, 4, 0x91, 0x02, 1, 2, 3, 4, 5, 6, 7, 8,
    ];
    expect(check('EnvelopeHeader', Buffer.concat([header, Buffer.from(newer)]))).toBe(true);
  });

  it('are not when they end inside a field, a text at the end included', () => {
    const ends = fieldEnds(header);
    for (let length = 0; length < header.length; length += 1)
      expect(check('EnvelopeHeader', header.subarray(0, length)), String(length)).toBe(ends.has(length));
  });

  it('are not when a text is no UTF-8, at any depth', () => {
    const bad = Buffer.from([0x1a, 0x02, 0xc3, 0x28]);
    expect(check('EnvelopeHeader', bad)).toBe(false);
    expect(check('CaseTransfer', Buffer.concat([Buffer.from([0x2a, bad.length]), bad]))).toBe(false);
    expect(check('EnvelopeHeader', Buffer.from([0x1a, 0x02, 0xc3, 0xa9]))).toBe(true);
  });

  it('are not when a number does not fit its 32 bits', () => {
    expect(check('EnvelopeHeader', Buffer.from([0x08, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toBe(true);
    expect(check('EnvelopeHeader', Buffer.from([0x08, 0x81, 0x80, 0x80, 0x80, 0x10]))).toBe(false);
  });

  it('are not when an inner message claims bytes of the outer one', () => {
    const transfer = encode('CaseTransfer', { applicant: { name: 'abc' }, receiptNotice: 'xyz' });
    expect(check('CaseTransfer', transfer)).toBe(true);
    const longer = Buffer.from(transfer);
    // applicant (5, delimited) holds name (2, delimited); the name grows by one and so beyond its message.
    expect(longer.subarray(0, 4)).toEqual(Buffer.from([0x2a, 5, 0x12, 3]));
    longer[3] = 4;
    expect(check('CaseTransfer', longer)).toBe(false);
  });

  it('are not when a known field comes as another kind', () => {
    expect(check('EnvelopeHeader', Uint8Array.of(0x08, 1))).toBe(true);
    expect(check('EnvelopeHeader', Uint8Array.of(0x0a, 1, 0x41))).toBe(false);
    expect(check('EnvelopeHeader', Uint8Array.of(0x18, 1))).toBe(false);
  });

  it.each([
    ['field number 0', [0x02, 0x00]],
    ['a group', [0x83, 0x04, 0x84, 0x04]],
    ['a wire type that does not exist', [0x86, 0x04]],
    ['a number of eleven bytes', [0x08, ...Array(10).fill(0xff), 0x01]],
    ['a length of ten gigabytes', [0x1a, 0x80, 0x80, 0x80, 0x80, 0x28]],
  ])('are not with %s', (_, bytes) => {
    expect(check('EnvelopeHeader', Uint8Array.from(bytes))).toBe(false);
  });

  it('are judged without an exception, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => typeof check('CaseTransfer', bytes) === 'boolean'),
    );
  });
});

/** Where the fields of a flat message end; written for the few wire types that the header has. */
function fieldEnds(bytes: Buffer): Set<number> {
  const ends = new Set([0]);
  for (let at = 0; at < bytes.length; ) {
    const delimited = bytes[at]! % 8 === 2;
    at += 1;
    if (delimited) at += 1 + bytes[at]!;
    else while (bytes[at++]! >= 0x80);
    ends.add(at);
  }
  return ends;
}
