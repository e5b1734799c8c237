/** How a document for a platform is written. */
export interface XmlWriting {
  /** Namespaces by the prefixes that the document uses; declared at its root. */
  readonly prefixes?: Readonly<Record<string, string>>;
  /** What the declaration at its beginning says; without it there is none. */
  readonly encoding?: string;
}

/** Names as Namespaces in XML has them, with one prefix at most; ASCII and the scripts that platforms write. */
const NAME = /^(?:[\p{L}_][\p{L}\p{M}\p{N}._-]*:)?[\p{L}_][\p{L}\p{M}\p{N}._-]*$/u;

/** What XML 1.0 cannot hold, not even escaped. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

const MAX_DEPTH = 64;

/** A value that XML cannot hold. The message says where, never what. */
export class NoXml extends Error {}

/**
 * XML of a JSON value in the words of `readXml`: an object with one member, the root. Numbers and booleans become text, a
 * list becomes elements of one name, and what is null or missing is left out.
 *
 * @throws NoXml when it has no root or two, a name that is none, or characters that XML does not have
 */
export function writeXml(value: unknown, { prefixes = {}, encoding }: XmlWriting = {}): string {
  const roots = isObject(value) ? Object.entries(value).filter(([, one]) => one !== null && one !== undefined) : [];
  const [root] = roots;
  if (roots.length !== 1 || !root || Array.isArray(root[1]))
    throw new NoXml('a document needs exactly one root element');
  const declaration = encoding === undefined ? '' : `<?xml version="1.0" encoding="${encoding.toUpperCase()}"?>\n`;
  const declared = Object.entries(prefixes).map(([prefix, uri]) => attribute(`@xmlns:${prefix}`, uri, ''));
  return declaration + element(root[0], root[1], declared.join(''), '', 1);
}

function element(name: string, value: unknown, declared: string, parent: string, depth: number): string {
  const at = `${parent}/${name}`;
  if (!NAME.test(name)) throw new NoXml(`${parent || '/'} has a member whose name is no name of an element`);
  if (depth > MAX_DEPTH) throw new NoXml(`is deeper than ${MAX_DEPTH} elements`);
  if (!isObject(value)) return tag(name, declared, textOf(value, at));
  const entries = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  const attributes = entries.filter(([key]) => key.startsWith('@')).map(([key, one]) => attribute(key, one, at));
  const inside = entries.filter(([key]) => !key.startsWith('@')).map(([key, one]) => content(key, one, at, depth + 1));
  return tag(name, declared + attributes.join(''), inside.join(''));
}

function content(name: string, value: unknown, parent: string, depth: number): string {
  if (name === '#text') return textOf(value, `${parent}/#text`);
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => element(name, one, '', parent, depth)).join('');
}

function tag(name: string, attributes: string, inside: string): string {
  return inside === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${inside}</${name}>`;
}

function attribute(key: string, value: unknown, parent: string): string {
  const name = key.slice(1);
  if (!NAME.test(name)) throw new NoXml(`${parent} has a member whose name is no name of an attribute`);
  const escaped = textOf(value, `${parent}/${key}`).replace(/["\t\n]/g, (one) => `&#${one.charCodeAt(0)};`);
  return ` ${name}="${escaped}"`;
}

/** A carriage return would come back as a line feed, and `]]>` may not stand as it is. */
function textOf(value: unknown, at: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') throw new NoXml(`${at} must be text, a number or a boolean`);
  const content = String(value);
  if (FORBIDDEN.test(content)) throw new NoXml(`${at} has characters that XML cannot hold`);
  return content.replace(/[&<>\r]/g, (one) => `&#${one.charCodeAt(0)};`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
