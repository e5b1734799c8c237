import { SaxesParser, type SaxesTagNS } from 'saxes';
import type { Encoding } from '../encodings.ts';
import { unreadable } from '../unreadable.ts';
import { decodeXml } from './decode-xml.ts';

/** What a document may have: a bomb is over before it went off. */
export const XML_LIMITS = {
  depth: 64,
  elements: 50_000,
  attributes: 50_000,
  /** Characters that the parser takes between two looks at the other limits. */
  chunk: 64 * 1024,
} as const;

/** How the names of a platform's documents are written in mappings. */
export interface XmlOptions {
  /** Paths of elements, such as `Cases.Case`, that are a list even when there is only one. */
  readonly lists?: readonly string[];
  /** Prefix of the mapping by namespace; names in no listed namespace stand without a prefix. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** Of documents that do not say which they have. */
  readonly encoding?: Encoding;
}

/**
 * An XML document as a JSON value with one member, its root. An element is a member by its local name; those of one name
 * are a list. An element with nothing but text is that text; else attributes stand under `@name` and text under `#text`.
 * Comments and processing instructions are left out, and so is blank space between elements.
 *
 * @param maxBytes largest document
 * @param carrier `charset` of the media type with which it came
 * @throws Unreadable ENCODING, TOO_LARGE, MALFORMED, DOCTYPE, TOO_DEEP, TOO_MANY; never with words of the document
 */
export function readXml(bytes: Uint8Array, maxBytes: number, options: XmlOptions = {}, carrier?: string): unknown {
  if (bytes.length > maxBytes) throw unreadable('TOO_LARGE', `is larger than ${maxBytes} bytes`);
  return parseXml(decodeXml(bytes, carrier, options.encoding), options);
}

/**
 * As `readXml`, of text that stands within another document.
 *
 * @throws Unreadable MALFORMED, DOCTYPE, TOO_DEEP, TOO_MANY
 */
export function parseXml(content: string, options: XmlOptions = {}): unknown {
  const reader = new Reader(options);
  for (let at = 0; at < content.length; at += XML_LIMITS.chunk) reader.take(content.slice(at, at + XML_LIMITS.chunk));
  return reader.end();
}

/** An element whose end was not seen yet. */
interface Open {
  readonly name: string;
  readonly path: string;
  readonly members: Map<string, unknown>;
  readonly repeated: Set<string>;
  text: string;
  hasChildren: boolean;
}

class Reader {
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #lists: ReadonlySet<string>;
  /** Characters of the longest path of a list. */
  readonly #longest: number;
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #open: Open[] = [opened('', '')];
  #elements = 0;
  #attributes = 0;

  constructor({ lists = [], prefixes = {} }: XmlOptions) {
    this.#lists = new Set(lists);
    this.#longest = Math.max(0, ...lists.map((path) => path.length));
    this.#prefixes = new Map(Object.entries(prefixes).map(([prefix, namespace]) => [namespace, prefix]));
    const text = (part: string) => {
      this.#open.at(-1)!.text += part;
    };
    this.#parser.on('error', () => this.#malformed());
    this.#parser.on('doctype', () => {
      throw unreadable('DOCTYPE', 'has a DOCTYPE, which is not read: leave it out, with every entity that it declares');
    });
    this.#parser.on('attribute', () => this.#count('attributes'));
    this.#parser.on('opentag', (tag) => this.#begin(tag as SaxesTagNS));
    this.#parser.on('text', text);
    this.#parser.on('cdata', text);
    this.#parser.on('closetag', () => this.#close());
  }

  take(chunk: string): void {
    this.#parser.write(chunk);
  }

  end(): unknown {
    this.#parser.close();
    return Object.fromEntries(this.#open[0]!.members);
  }

  #begin(tag: SaxesTagNS): void {
    this.#count('elements');
    if (this.#open.length > XML_LIMITS.depth)
      throw unreadable('TOO_DEEP', `is deeper than ${XML_LIMITS.depth} elements`);
    const parent = this.#open.at(-1)!;
    parent.hasChildren = true;
    const name = this.#named(tag.local, tag.uri);
    const element = opened(name, parent.path === '' ? name : `${parent.path}.${name}`);
    for (const { prefix, name: full, local, uri, value } of Object.values(tag.attributes)) {
      const key = `@${this.#named(local, uri)}`;
      if (prefix !== 'xmlns' && full !== 'xmlns' && !element.members.has(key)) element.members.set(key, value);
    }
    this.#open.push(element);
  }

  #close(): void {
    const element = this.#open.pop()!;
    const parent = this.#open.at(-1)!;
    const { name } = element;
    const value = jsonOf(element);
    const before = parent.members.get(name);
    if (parent.repeated.has(name)) (before as unknown[]).push(value);
    else if (before !== undefined || this.#isList(element.path)) {
      parent.repeated.add(name);
      parent.members.set(name, before === undefined ? [value] : [before, value]);
    } else parent.members.set(name, value);
  }

  /** Paths are made of the names of a stranger: one that is long is not even looked at. */
  #isList(path: string): boolean {
    return path.length <= this.#longest && this.#lists.has(path);
  }

  #named(local: string, namespace: string): string {
    const prefix = this.#prefixes.get(namespace);
    return prefix === undefined ? local : `${prefix}:${local}`;
  }

  #count(what: 'elements' | 'attributes'): void {
    const count = what === 'elements' ? ++this.#elements : ++this.#attributes;
    if (count > XML_LIMITS[what]) throw unreadable('TOO_MANY', `has more than ${XML_LIMITS[what]} ${what}`);
  }

  /** The words of the parser may repeat those of the document. */
  #malformed(): never {
    const { line, column } = this.#parser;
    throw unreadable('MALFORMED', `is not well-formed XML, or was cut off: line ${line}, column ${column}`);
  }
}

function opened(name: string, path: string): Open {
  return { name, path, members: new Map(), repeated: new Set(), text: '', hasChildren: false };
}

function jsonOf({ members, text, hasChildren }: Open): unknown {
  if (members.size === 0) return text;
  const counts = hasChildren ? text.trim() !== '' : text !== '';
  if (counts) members.set('#text', hasChildren ? text.trim() : text);
  return Object.fromEntries(members);
}
