import iconv from 'iconv-lite';
import { oneOf, type Rule } from '#proto';
import { type Unreadable, unreadable } from './unreadable.ts';

/** Encodings of files that platforms write; GB 18030 holds GBK and GB 2312. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030';

/** Encodings that a configuration may name. */
export const encodingRule: Rule = oneOf('utf-8', 'gb18030');

/** Names that platforms give to these, in lower case. */
const NAMES: ReadonlyMap<string, Encoding | 'utf-16'> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['ascii', 'utf-8'],
  ['gb18030', 'gb18030'],
  ['gbk', 'gb18030'],
  ['gb2312', 'gb18030'],
  ['cp936', 'gb18030'],
  ['utf-16', 'utf-16'],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
]);

/** @throws Unreadable ENCODING when the name is none that we read */
export function encodingNamed(name: string): Encoding | 'utf-16' {
  const encoding = NAMES.get(name.toLowerCase());
  if (!encoding) throw unreadable('ENCODING', 'declares an encoding that is not read; use UTF-8, UTF-16 or GB18030');
  return encoding;
}

/** What a byte order mark at the beginning says; undefined when there is none. */
export function byteOrderMark(bytes: Uint8Array): Encoding | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** Reads bytes that come in pieces. A byte order mark at the beginning is left out. */
export class StrictDecoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #encoding: Encoding;
  readonly #declared: boolean;

  /** @param declared whether somebody said that it is this encoding; else a hint names the one that it looks like */
  constructor(encoding: Encoding, declared: boolean) {
    this.#decoder = new TextDecoder(encoding, { fatal: true });
    this.#encoding = encoding;
    this.#declared = declared;
  }

  /**
   * @param last whether nothing follows
   * @throws Unreadable ENCODING when the bytes are no text in this encoding: they are never repaired
   */
  decode(bytes: Uint8Array, last: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream: !last });
    } catch {
      throw this.#misfit(bytes);
    }
  }

  #misfit(bytes: Uint8Array): Unreadable {
    if (this.#declared)
      return unreadable('ENCODING', `has bytes that are no text in ${this.#encoding}, as it claims to be`);
    const hint = looksLikeGbk(bytes) ? '; it looks like GBK' : '';
    return unreadable('ENCODING', `is not UTF-8${hint}; say which encoding it has, or save it as UTF-8`);
  }
}

/** Bytes of a text for a platform. What GB 18030 lacks does not exist: it holds all of Unicode. */
export function encodeText(content: string, encoding: 'utf-8' | 'gb18030'): Buffer {
  return encoding === 'utf-8' ? Buffer.from(content) : iconv.encode(content, 'gb18030');
}

/** Only a hint for people: text in another encoding may pass for GBK by chance. */
function looksLikeGbk(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('gb18030', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
