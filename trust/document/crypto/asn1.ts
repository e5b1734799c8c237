import { type DerElement, readDer } from '../../evidence/der.ts';
import { DocumentFault } from '../findings.ts';

/** Tags of DER (X.690) that occur in seals, certificates and signatures. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context6: 0x86,
  context0: 0xa0,
  context1: 0xa1,
  context3: 0xa3,
} as const;

const CHINA_OFFSET = '+08:00';

/** The members of a constructed value, taken one after the other; every fault is DocumentFault `seal-malformed`. */
export class Members {
  readonly #elements: readonly DerElement[];
  readonly #what: string;
  #at = 0;

  /** @param what names the value in messages */
  constructor(content: Uint8Array, what: string) {
    this.#elements = elementsOf(content, what);
    this.#what = what;
  }

  /** The next member, which must have one of these tags; any when none is given. */
  take(...tags: readonly number[]): DerElement {
    const next = this.maybe(...tags);
    if (!next)
      throw new DocumentFault('seal-malformed', `${this.#what}: member ${this.#at} is missing or of another kind`);
    return next;
  }

  /** The next member if it has one of these tags. */
  maybe(...tags: readonly number[]): DerElement | undefined {
    const next = this.#elements[this.#at];
    if (!next || (tags.length > 0 && !tags.includes(next.tag))) return undefined;
    this.#at += 1;
    return next;
  }

  /** The members inside the next one, a SEQUENCE unless told otherwise. */
  inner(what: string, tag: number = TAG.sequence): Members {
    return new Members(this.take(tag).content, what);
  }

  get left(): number {
    return this.#elements.length - this.#at;
  }

  rest(): DerElement[] {
    const rest = this.#elements.slice(this.#at);
    this.#at = this.#elements.length;
    return rest;
  }

  /** Demands that nothing is left. */
  end(): void {
    if (this.left > 0) throw new DocumentFault('seal-malformed', `${this.#what}: has more members than are known`);
  }
}

/**
 * The one element that the bytes are.
 *
 * @param tag what it has to be, or one of these
 * @param padding whether zeros may follow, as in PDF
 */
export function singleElement(
  bytes: Uint8Array,
  what: string,
  tag: number | readonly number[],
  padding = false,
): DerElement {
  const [only, second] = padding ? [firstElement(bytes, what)] : elementsOf(bytes, what);
  if (!only || second || ![tag].flat().includes(only.tag))
    throw new DocumentFault('seal-malformed', `${what}: is not one DER value of its kind`);
  return only;
}

/** The first element of bytes of which the rest is zeros. */
function firstElement(bytes: Uint8Array, what: string): DerElement {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = buffer[1] ?? 0x80;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const isDer = first !== 0x80 && lengthBytes <= 4 && buffer.length >= 2 + lengthBytes;
  const length = isDer && lengthBytes > 0 ? buffer.readUIntBE(2, lengthBytes) : first;
  const end = 2 + lengthBytes + length;
  const [element] = isDer && end <= buffer.length ? (tryElements(buffer.subarray(0, end)) ?? []) : [];
  if (!element || buffer.subarray(end).some((byte) => byte !== 0))
    throw new DocumentFault('seal-malformed', `${what}: is not one DER value followed by zeros`);
  return element;
}

function elementsOf(bytes: Uint8Array, what: string): DerElement[] {
  const elements = tryElements(bytes);
  if (!elements) throw new DocumentFault('seal-malformed', `${what}: is not DER`);
  return elements;
}

function tryElements(bytes: Uint8Array): DerElement[] | undefined {
  try {
    return readDer(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Dotted text of an OBJECT IDENTIFIER (X.690, 8.19). */
export function oidOf({ content }: DerElement): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (number > Number.MAX_SAFE_INTEGER / 128)
      throw new DocumentFault('seal-malformed', 'an object identifier is too long');
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first, ...rest] = numbers;
  if (first === undefined || content.at(-1)! >= 0x80)
    throw new DocumentFault('seal-malformed', 'an object identifier is malformed');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join('.');
}

/** The whole bytes of a BIT STRING. */
export function bitsOf({ content }: DerElement): Buffer {
  if (content[0] !== 0) throw new DocumentFault('seal-malformed', 'a bit string is not whole bytes');
  return content.subarray(1);
}

/** A small INTEGER that is not negative. */
export function numberOf({ content }: DerElement): number {
  if (content.length === 0 || content.length > 6 || content[0]! >= 0x80)
    throw new DocumentFault('seal-malformed', 'a number is out of range');
  return content.readUIntBE(0, content.length);
}

/** A text of any string type; what is not its characters is replaced. */
export function textOf({ tag, content }: DerElement): string {
  // BMPString and UniversalString are of old certificates.
  if (tag === 0x1e)
    return Buffer.from(content.subarray(0, content.length & ~1))
      .swap16()
      .toString('utf16le');
  return content.toString('utf8');
}

/** Milliseconds of a UTCTime or GeneralizedTime (X.680, 46 and 47); one without a zone is China's. */
export function timeOf(element: DerElement): number {
  const text = element.content.toString('latin1');
  const at = parseTime(element.tag === TAG.utcTime ? withCentury(text) : text);
  if (at === undefined) throw new DocumentFault('seal-malformed', 'a time is malformed');
  return at;
}

/**
 * Milliseconds of a time as seals and PDF write it: `20200723130907.763Z`, `20200723130907`, `2020-01-25 15:31:56`.
 *
 * @returns undefined for anything else
 */
export function parseTime(text: string): number | undefined {
  const parts = /^(\d{4})[-/]?(\d\d)[-/]?(\d\d)[T ]?(\d\d):?(\d\d):?(\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/.exec(
    text.trim(),
  );
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = CHINA_OFFSET] = parts;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}

/** RFC 5280, 4.1.2.5.1: years from 50 are of the last century. */
function withCentury(text: string): string {
  return `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`;
}
