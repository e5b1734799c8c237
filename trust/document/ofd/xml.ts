import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';

/** An element of XML. Prefixes are dropped: makers of OFD disagree on the namespace and its prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own character data. */
  readonly text: string;
}

interface Open {
  readonly tag: string;
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const NAME = /[\p{L}_][\p{L}\p{N}_.:-]*/uy;
const SPACE = /[ \t\r\n]*/y;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Reads an XML 1.0 document in UTF-8: elements, attributes, character data, CDATA, comments. A document type, and with
 * it every entity that is not built in, is refused: files have no business to name other files or to define text.
 *
 * @throws DocumentFault xml-malformed, xml-dtd, xml-limit
 */
export function parseXml(bytes: Buffer, file: string): XmlElement {
  if (bytes.length > DOCUMENT_LIMITS.xmlBytes) throw new DocumentFault('xml-limit', `${file} is larger than is read`);
  return new XmlReader(textOf(bytes, file), file).read();
}

function textOf(bytes: Buffer, file: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const declared = /^<\?xml\s[^>]*encoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
    if (declared === undefined || declared.toLowerCase() === 'utf-8') return text;
  } catch {
    // Told below.
  }
  throw new DocumentFault('xml-malformed', `${file} is not UTF-8`);
}

/** One pass without recursion, so that depth costs no stack. */
class XmlReader {
  readonly #text: string;
  readonly #file: string;
  readonly #open: Open[] = [];
  #root: XmlElement | undefined;
  #at = 0;
  #nodes = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): XmlElement {
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] !== '<') this.#characters();
      else if (this.#text.startsWith('<!--', this.#at)) this.#skip('<!--', '-->');
      else if (this.#text.startsWith('<![CDATA[', this.#at)) this.#addText(this.#skip('<![CDATA[', ']]>'));
      else if (this.#text.startsWith('<?', this.#at)) this.#skip('<?', '?>');
      else if (this.#text.startsWith('<!', this.#at))
        throw new DocumentFault('xml-dtd', `${this.#file} has a document type`);
      else if (this.#text.startsWith('</', this.#at)) this.#end();
      else this.#start();
    }
    if (!this.#root || this.#open.length > 0) throw this.#malformed('an element does not end');
    return this.#root;
  }

  #start(): void {
    this.#at += 1;
    const tag = this.#name();
    const attributes = this.#attributes();
    if (this.#root && this.#open.length === 0) throw this.#malformed('there are two roots');
    if (this.#open.length >= DOCUMENT_LIMITS.xmlDepth)
      throw new DocumentFault('xml-limit', `${this.#file} is too deep`);
    this.#open.push({ tag, name: local(tag), attributes, children: [], text: '' });
    if (this.#take('/')) this.#close();
    if (!this.#take('>')) throw this.#malformed('a tag does not end');
  }

  #end(): void {
    this.#at += 2;
    const tag = this.#name();
    this.#space();
    if (this.#open.at(-1)?.tag !== tag || !this.#take('>')) throw this.#malformed('tags do not match');
    this.#close();
  }

  #close(): void {
    const { name, attributes, children, text } = this.#open.pop()!;
    const element = { name, attributes, children, text };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.#root = element;
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    this.#count();
    for (;;) {
      const before = this.#at;
      this.#space();
      const next = this.#text[this.#at];
      if (next === '>' || next === '/') return attributes;
      if (before === this.#at) throw this.#malformed('a tag is malformed');
      const tag = this.#name();
      this.#space();
      if (!this.#take('=')) throw this.#malformed('an attribute has no value');
      this.#space();
      const key = tag.startsWith('xmlns:') ? tag : local(tag);
      if (attributes.has(key)) throw this.#malformed('an attribute stands twice');
      attributes.set(key, this.#quoted());
      this.#count();
    }
  }

  #quoted(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw this.#malformed('the value of an attribute is not quoted');
    const end = this.#text.indexOf(quote, this.#at + 1);
    const value = this.#text.slice(this.#at + 1, Math.max(end, this.#at + 1));
    if (end < 0 || value.includes('<')) throw this.#malformed('the value of an attribute does not end');
    this.#at = end + 1;
    return this.#unescape(value);
  }

  #characters(): void {
    const next = this.#text.indexOf('<', this.#at);
    const end = next < 0 ? this.#text.length : next;
    this.#addText(this.#unescape(this.#text.slice(this.#at, end)));
    this.#at = end;
  }

  #addText(text: string): void {
    const parent = this.#open.at(-1);
    if (parent) parent.text += text;
    else if (text.trim() !== '') throw this.#malformed('text stands outside of the root');
  }

  #skip(start: string, end: string): string {
    const from = this.#at + start.length;
    const found = this.#text.indexOf(end, from);
    if (found < 0) throw this.#malformed(`${start} does not end`);
    this.#at = found + end.length;
    return this.#text.slice(from, found);
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) throw this.#malformed('a name is malformed');
    this.#at += name.length;
    return name;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)![0].length;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > DOCUMENT_LIMITS.xmlNodes)
      throw new DocumentFault('xml-limit', `${this.#file} has too many elements`);
  }

  #unescape(text: string): string {
    if (!text.includes('&')) return text;
    return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
      const known = whole.endsWith(';') ? (ENTITIES.get(name) ?? character(name)) : undefined;
      if (known === undefined) throw new DocumentFault('xml-dtd', `${this.#file} uses an entity that is not built in`);
      return known;
    });
  }

  #malformed(detail: string): DocumentFault {
    return new DocumentFault('xml-malformed', `${this.#file}: ${detail}`);
  }
}

/** The character of `#20013` or `#x4e2d`. */
function character(reference: string): string | undefined {
  const parts = /^#(?:(\d{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(reference);
  if (!parts) return undefined;
  const code = parts[1] === undefined ? Number.parseInt(parts[2]!, 16) : Number(parts[1]);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined;
}

function local(tag: string): string {
  return tag.slice(tag.lastIndexOf(':') + 1);
}

/** The children of a name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The one child of a name; undefined when there is none. @throws DocumentFault ofd-structure when there are two */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  const [child, second] = childrenOf(element, name);
  if (second) throw new DocumentFault('ofd-structure', `${name} stands twice`);
  return child;
}

/** The text of the one child of a name. */
export function textIn(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text.trim();
}
