import { inflateRawSync } from 'node:zlib';
import { demand, Refused } from './wire.ts';

/** Certificates on paper (纸面证照): the text of a QR code, as proto/README.md has it. */

const MALFORMED = 'CERTIFICATE_MALFORMED';
const PREFIX = 'TONGBAN-C:';
const TEXT_LIMIT = 4296;
const BODY_LIMIT = 32 * 1024;
const BASE45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/**
 * The certificate in the text of a QR code.
 *
 * @param dictionary the bytes that the specification names
 * @throws Refused CERTIFICATE_MALFORMED
 */
export function paperText(qr: string, dictionary: Buffer): string {
  demand(qr.startsWith(PREFIX) && qr.length <= TEXT_LIMIT, MALFORMED, 'not the text of a certificate on paper');
  const [format, ...compressed] = base45(qr.slice(PREFIX.length));
  demand(format === 1, MALFORMED, 'another format');
  const body = inflated(Buffer.from(compressed), dictionary);
  const parts: string[] = [];
  for (let rest = body; rest.length > 0; ) {
    const end = rest.length < 2 ? Number.POSITIVE_INFINITY : 2 + rest.readUInt16BE();
    demand(end <= rest.length, MALFORMED, 'a part is longer than what is left');
    parts.push(rest.toString('base64url', 2, end));
    rest = rest.subarray(end);
  }
  return `${[parts.slice(0, 3).join('.'), ...parts.slice(3)].join('~')}~`;
}

/** Inflates what refers into a dictionary: a stored block that holds it comes first, and goes again. */
function inflated(compressed: Buffer, dictionary: Buffer): Buffer {
  const { length } = dictionary;
  const stored = Buffer.from([0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255]);
  const input = Buffer.concat([stored, dictionary, compressed]);
  try {
    const options = { maxOutputLength: length + BODY_LIMIT, info: true };
    const { buffer, engine } = inflateRawSync(input, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    demand(engine.bytesWritten === input.length, MALFORMED, 'something follows the last block');
    return buffer.subarray(length);
  } catch {
    throw new Refused(MALFORMED, 'cannot be inflated within its bounds');
  }
}

function base45(text: string): number[] {
  demand(text.length % 3 !== 1, MALFORMED, 'a character too many');
  return (text.match(/.{1,3}/gsu) ?? []).flatMap((group) => {
    const digits = [...group].map((character) => BASE45.indexOf(character));
    demand(!digits.includes(-1), MALFORMED, 'a character that base45 does not have');
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    demand(value < (group.length === 3 ? 0x10000 : 0x100), MALFORMED, 'no bytes are written so');
    return group.length === 3 ? [value >> 8, value & 255] : [value];
  });
}
