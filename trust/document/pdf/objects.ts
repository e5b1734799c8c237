import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';

/** Where something stands in the file: its first byte, and the one after it. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** An object of PDF (ISO 32000-1, 7.3) in its place; streams only as their dictionaries. */
export type PdfObject = PdfValue & Place;
export type PdfDictionary = DictionaryValue & Place;

type PdfValue =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly bytes: Buffer; readonly isHex: boolean }
  | { readonly kind: 'array'; readonly items: readonly PdfObject[] }
  | DictionaryValue
  | { readonly kind: 'reference'; readonly number: number; readonly generation: number }
  | { readonly kind: 'other'; readonly text: string };

interface DictionaryValue {
  readonly kind: 'dictionary';
  /** Values by key, with the place of the key in the file. */
  readonly entries: ReadonlyMap<string, { readonly at: number; readonly value: PdfObject }>;
}

/** Bytes of a name or a number (ISO 32000-1, annex C, has 127 characters, each of up to three). */
const MAX_WORD = 400;
const SPACE = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]);
const DELIMITERS = new Set([...'()<>[]{}/%'].map((character) => character.charCodeAt(0)));
const CODE = {
  percent: 0x25,
  open: 0x28,
  close: 0x29,
  slash: 0x2f,
  less: 0x3c,
  greater: 0x3e,
  left: 0x5b,
  backslash: 0x5c,
  right: 0x5d,
} as const;

/** Whether a byte may stand inside a name or a number. */
export function isRegular(byte: number | undefined): boolean {
  return byte !== undefined && !SPACE.has(byte) && !DELIMITERS.has(byte);
}

/**
 * Reads the dictionary that begins at a place, after white space and comments.
 *
 * @param limit place beyond which nothing is read
 * @returns undefined when another object stands there
 * @throws DocumentFault seal-malformed
 */
export function readDictionary(bytes: Buffer, at: number, limit: number): PdfDictionary | undefined {
  const reader = new PdfReader(bytes, at, Math.min(limit, bytes.length));
  if (!reader.startsDictionary()) return undefined;
  const object = reader.next();
  return object.kind === 'dictionary' ? object : undefined;
}

/**
 * Reads the object that begins at a place, after white space and comments.
 *
 * @param limit place beyond which nothing is read
 * @throws DocumentFault seal-malformed
 */
export function readObject(bytes: Buffer, at: number, limit: number): PdfObject {
  return new PdfReader(bytes, at, Math.min(limit, bytes.length)).next();
}

class PdfReader {
  readonly #bytes: Buffer;
  readonly #limit: number;
  #at: number;
  #count = 0;

  constructor(bytes: Buffer, at: number, limit: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#limit = limit;
  }

  startsDictionary(): boolean {
    this.#space();
    return this.#byte() === CODE.less && this.#byte(1) === CODE.less;
  }

  next(): PdfObject {
    this.#space();
    return this.#object(0);
  }

  #dictionary(depth: number): DictionaryValue {
    this.#at += 2;
    const items = this.#until(depth, () => {
      if (this.#byte() !== CODE.greater) return false;
      if (this.#byte(1) !== CODE.greater) throw malformed('a dictionary does not end');
      this.#at += 2;
      return true;
    });
    const entries = new Map<string, { at: number; value: PdfObject }>();
    for (let index = 0; index < items.length; index += 2) {
      const [key, value] = [items[index]!, items[index + 1]];
      if (key.kind !== 'name' || !value) throw malformed('a dictionary is not pairs of names and values');
      if (entries.has(key.text)) throw malformed(`the key ${key.text} stands twice`);
      entries.set(key.text, { at: key.from, value });
    }
    return { kind: 'dictionary', entries };
  }

  /** Objects up to an end; `12 0 R` counts as one. */
  #until(depth: number, isEnd: () => boolean): PdfObject[] {
    if (depth > DOCUMENT_LIMITS.pdfDepth) throw malformed('dictionaries are nested too deep');
    const items: PdfObject[] = [];
    for (;;) {
      this.#space();
      if (this.#at >= this.#limit) throw malformed('a dictionary is longer than is read');
      if (isEnd()) return items;
      this.#count += 1;
      if (this.#count > DOCUMENT_LIMITS.pdfObjects) throw malformed('a dictionary has more objects than are read');
      const next = this.#object(depth);
      const [number, generation] = items.slice(-2);
      if (next.kind === 'other' && next.text === 'R' && number?.kind === 'number' && generation?.kind === 'number') {
        const reference = { number: number.value, generation: generation.value, from: number.from, to: next.to };
        items.splice(-2, 2, { kind: 'reference', ...reference });
      } else items.push(next);
    }
  }

  #object(depth: number): PdfObject {
    const from = this.#at;
    const value = this.#value(depth);
    return { ...value, from, to: this.#at };
  }

  #value(depth: number): PdfValue {
    switch (this.#byte()) {
      case CODE.slash:
        return this.#name();
      case CODE.open:
        return this.#literal();
      case CODE.left:
        return this.#array(depth);
      case CODE.less:
        return this.#byte(1) === CODE.less ? this.#dictionary(depth + 1) : this.#hex();
      default:
        return this.#word();
    }
  }

  #array(depth: number): PdfValue {
    this.#at += 1;
    const items = this.#until(depth + 1, () => {
      if (this.#byte() !== CODE.right) return false;
      this.#at += 1;
      return true;
    });
    return { kind: 'array', items };
  }

  #name(): PdfValue {
    this.#at += 1;
    const text = this.#regular().replace(/#([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return { kind: 'name', text };
  }

  #word(): PdfValue {
    const text = this.#regular();
    if (text === '') throw malformed('a dictionary has a stray character');
    return /^[+-]?\d{1,15}$/.test(text) ? { kind: 'number', value: Number(text) } : { kind: 'other', text };
  }

  #regular(): string {
    const start = this.#at;
    while (this.#at < this.#limit && isRegular(this.#byte())) this.#at += 1;
    if (this.#at - start > MAX_WORD) throw malformed('a name is too long');
    return this.#bytes.toString('latin1', start, this.#at);
  }

  #hex(): PdfValue {
    const from = this.#at;
    const end = this.#bytes.indexOf(CODE.greater, from);
    if (end < 0 || end >= this.#limit) throw malformed('a hexadecimal string does not end');
    this.#at = end + 1;
    const digits = this.#bytes.toString('latin1', from + 1, end).replace(/[\0\t\n\f\r ]/g, '');
    if (!/^[0-9a-fA-F]*$/.test(digits)) throw malformed('a hexadecimal string has other characters');
    const bytes = Buffer.from(digits.length % 2 ? `${digits}0` : digits, 'hex');
    return { kind: 'string', bytes, isHex: true };
  }

  /** Escapes stay as they are: only times and names are read, which have none. */
  #literal(): PdfValue {
    const from = this.#at;
    let depth = 0;
    do {
      if (this.#at >= this.#limit) throw malformed('a string does not end');
      const byte = this.#byte();
      if (byte === CODE.backslash) this.#at += 1;
      else if (byte === CODE.open) depth += 1;
      else if (byte === CODE.close) depth -= 1;
      this.#at += 1;
    } while (depth > 0);
    return { kind: 'string', bytes: this.#bytes.subarray(from + 1, this.#at - 1), isHex: false };
  }

  #space(): void {
    for (;;) {
      const byte = this.#byte();
      if (byte !== undefined && SPACE.has(byte)) this.#at += 1;
      else if (byte === CODE.percent) this.#comment();
      else return;
    }
  }

  #comment(): void {
    while (this.#at < this.#limit && this.#byte() !== 0x0a && this.#byte() !== 0x0d) this.#at += 1;
  }

  #byte(ahead = 0): number | undefined {
    return this.#at + ahead < this.#limit ? this.#bytes[this.#at + ahead] : undefined;
  }
}

function malformed(detail: string): DocumentFault {
  return new DocumentFault('seal-malformed', detail);
}
