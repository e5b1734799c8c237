import { SheetFault } from './sheet.ts';

/** What an XML file of a workbook holds, in its order. Prefixes are dropped. */
export type XmlToken =
  | {
      readonly kind: 'start';
      readonly name: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([\p{L}_][\w.:-]*)((?:[^<>"']|"[^<"]*"|'[^<']*')*?)(\/?)>|[^<]+/uy;
const ATTRIBUTE = /([\p{L}_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/gu;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads XML as spreadsheets write it. A document type, and with it every entity that is not built in, is refused.
 *
 * @throws SheetFault XML
 */
export function* xmlTokens(text: string): Generator<XmlToken> {
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new SheetFault('XML', 'a sheet of the workbook cannot be read; save it anew');
    at = TOKEN.lastIndex;
    const [whole, closing, tag, attributes = '', empty] = found;
    if (tag === undefined) {
      if (!whole.startsWith('<')) yield { kind: 'text', text: unescaped(whole) };
    } else if (closing) yield { kind: 'end', name: local(tag) };
    else yield { kind: 'start', name: local(tag), attributes: attributesOf(attributes), isEmpty: empty === '/' };
  }
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE))
    found[local(name!)] = unescaped(double ?? single ?? '');
  return found;
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,8});/g,
    (_, name: string) => ENTITIES[name] ?? character(name),
  );
}

function character(name: string): string {
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  if (!name.startsWith('#') || code > 0x10ffff)
    throw new SheetFault('XML', 'a sheet uses an entity that is not built in');
  return String.fromCodePoint(code);
}
