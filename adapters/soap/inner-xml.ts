import { parseXml, type XmlOptions } from '../xml/read-xml.ts';
import { writeXml } from '../xml/write-xml.ts';

const DECLARATION = /^\s*<\?xml[^>]*\?>/;

/**
 * Puts XML that stands in an element as text in the place of that text: many services answer so.
 *
 * @param paths of such elements in the value; what is no XML there, such as a word about a failure, stays as it is
 * @throws Unreadable
 */
export function readInner(value: unknown, paths: readonly string[], options: XmlOptions): unknown {
  return paths.reduce((found, path) => {
    const lists = (options.lists ?? [])
      .filter((one) => one.startsWith(`${path}.`))
      .map((one) => one.slice(path.length + 1));
    return replaced(found, path.split('.'), (text) => {
      if (typeof text !== 'string' || !text.trimStart().startsWith('<')) return text;
      return parseXml(text.replace(DECLARATION, '').trim(), { ...options, lists });
    });
  }, value);
}

/**
 * The other way round: what stands at these paths becomes text that is XML.
 *
 * @throws NoXml
 */
export function writeInner(value: unknown, paths: readonly string[]): unknown {
  return paths.reduce(
    (found, path) =>
      replaced(found, path.split('.'), (inner) =>
        typeof inner === 'object' && inner !== null ? writeXml(inner, { encoding: 'UTF-8' }) : inner,
      ),
    value,
  );
}

/** A copy with something else at a path; lists on the way are gone through. */
function replaced(value: unknown, [name, ...rest]: readonly string[], change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, name === undefined ? [] : [name, ...rest], change));
  if (name === undefined) return change(value);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const inner = (value as Record<string, unknown>)[name];
  return { ...value, [name]: replaced(inner, rest, change) };
}
