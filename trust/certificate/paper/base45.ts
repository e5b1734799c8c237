/** Base45 (RFC 9285): bytes in the characters that a QR code writes in its alphanumeric mode, three for two bytes. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((character, value) => [character, value]));

export function encodeBase45(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    const value = isPair ? bytes[at]! * 256 + bytes[at + 1]! : bytes[at]!;
    text += ALPHABET[value % 45]! + ALPHABET[Math.floor(value / 45) % 45]!;
    if (isPair) text += ALPHABET[Math.floor(value / 2025)]!;
  }
  return text;
}

/** The bytes of a text; undefined when it is not what {@link encodeBase45} gives for any. */
export function decodeBase45(text: string): Buffer | undefined {
  const values = Array.from(text, (character) => VALUES.get(character) ?? Number.NaN);
  const bytes: number[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [low, middle, high] = values.slice(at, at + 3);
    if (low === undefined || middle === undefined) return undefined;
    const value = low + middle * 45 + (high ?? 0) * 2025;
    const size = high === undefined ? 1 : 2;
    // Also for what is not in the alphabet: NaN is less than nothing.
    if (!(value < 256 ** size)) return undefined;
    if (size === 2) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return Buffer.from(bytes);
}
