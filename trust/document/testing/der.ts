/** Writes DER (X.690), for tests that build certificates and seals. */

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const long = size < 0x80 ? Buffer.alloc(0) : Buffer.from(evenHex(size), 'hex');
  const length = size < 0x80 ? Buffer.of(size) : Buffer.concat([Buffer.of(0x80 + long.length), long]);
  return Buffer.concat([Buffer.of(tag), length, content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
export const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const ia5 = (text: string): Buffer => der(0x16, Buffer.from(text, 'latin1'));
export const printable = (text: string): Buffer => der(0x13, Buffer.from(text, 'latin1'));
export const yes = (): Buffer => der(0x01, Buffer.of(0xff));
export const nothing = (): Buffer => der(0x05);
/** An explicit tag. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer => der(0xa0 + number, ...parts);

export function integer(value: number | Uint8Array): Buffer {
  const bytes = typeof value === 'number' ? Buffer.from(evenHex(value), 'hex') : Buffer.from(value);
  return der(0x02, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([40 * first! + second!, ...rest].flatMap(base128)));
}

/** @param at milliseconds */
export const generalizedTime = (at: number): Buffer => der(0x18, Buffer.from(compact(at), 'latin1'));
/** @param at milliseconds */
export const utcTime = (at: number): Buffer => der(0x17, Buffer.from(compact(at).slice(2), 'latin1'));

/** `20260102030405Z` */
function compact(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(128 + (rest % 128));
  return bytes;
}

function evenHex(value: number): string {
  const hex = value.toString(16);
  return hex.length % 2 ? `0${hex}` : hex;
}
