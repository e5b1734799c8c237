/** One element of DER (X.690): the few places where the bytes themselves are needed, not their meaning. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** The element with its tag and length. */
  readonly raw: Buffer;
}

/** Tags. */
export const DER = { sequence: 0x30, set: 0x31, context0: 0xa0 } as const;

/**
 * Reads the elements that follow one another in some bytes; lengths of up to four bytes.
 *
 * @throws RangeError when an element ends outside of them
 */
export function readDer(bytes: Uint8Array): DerElement[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: DerElement[] = [];
  for (let at = 0; at < buffer.length; ) {
    const tag = buffer.readUInt8(at);
    const first = buffer.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    if (first === 0x80 || lengthBytes > 4) throw new RangeError('a length of this form is not DER');
    const start = at + 2 + lengthBytes;
    const end = start + (lengthBytes === 0 ? first : buffer.readUIntBE(at + 2, lengthBytes));
    if (end > buffer.length) throw new RangeError('an element ends outside its bytes');
    elements.push({ tag, content: buffer.subarray(start, end), raw: buffer.subarray(at, end) });
    at = end;
  }
  return elements;
}
