/** Writes DER (X.690): what our own signatures and the certificates of their keys are made of. */

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
export const octets = (bytes: Uint8Array): Buffer => element(0x04, bytes);
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));
export const yes = (): Buffer => element(0x01, Buffer.of(0xff));
/** An explicit tag, or with {@link retagged} an implicit one. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 + number, ...parts);
/** A constructed value under an implicit tag. */
export const retagged = (number: number, der: Buffer): Buffer =>
  Buffer.concat([Buffer.of(0xa0 + number), der.subarray(1)]);

/** SET OF: DER wants its members in the order of their bytes (X.690, 11.6). */
export function setOf(...members: readonly Buffer[]): Buffer {
  return element(0x31, ...members.toSorted(Buffer.compare));
}

/** @param unused bits at the end that do not count */
export function bits(bytes: Uint8Array, unused = 0): Buffer {
  return element(0x03, Buffer.of(unused), bytes);
}

/** An INTEGER that is not negative, in its shortest form. */
export function integer(value: number | Uint8Array): Buffer {
  const bytes = Buffer.from(typeof value === 'number' ? [value] : value);
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.of(0) : bytes.subarray(first);
  return element(0x02, digits[0]! >= 0x80 ? Buffer.of(0) : Buffer.of(), digits);
}

/** OBJECT IDENTIFIER of dotted text. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([40 * first! + second!, ...rest].flatMap(base128)));
}

/**
 * Time of a certificate: UTCTime to the end of 2049, GeneralizedTime later (RFC 5280, 4.1.2.5).
 *
 * @param at milliseconds
 */
export function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const isLate = new Date(at).getUTCFullYear() >= 2050;
  return element(isLate ? 0x18 : 0x17, Buffer.from(isLate ? text : text.slice(2), 'latin1'));
}

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size);
  const hex = size.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.of(0x80 + bytes.length), bytes]);
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(128 + (rest % 128));
  return bytes;
}
