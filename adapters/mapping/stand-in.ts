import { randomUUID } from 'node:crypto';

/** What every stand-in looks like: nobody can put one of a delivery into a case, since nobody knows it before. */
const STAND_IN = /STANDIN[0-9a-f]{32}/g;

/** A text that stands (占位) where something belongs that a mapping moves and never sees. */
export function newStandIn(): string {
  return `STANDIN${randomUUID().replaceAll('-', '')}`;
}

/** The stand-ins that a document has in its values, within longer texts too, and how often. */
export function standInsIn(document: unknown): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  withTexts(document, (text) => {
    for (const one of text.match(STAND_IN) ?? []) found.set(one, (found.get(one) ?? 0) + 1);
    return text;
  });
  return found;
}

/** A document with texts in the places of their stand-ins. @param texts by stand-in; others stay */
export function replaceStandIns(document: unknown, texts: ReadonlyMap<string, string>): unknown {
  return withTexts(document, (text) => text.replace(STAND_IN, (one) => texts.get(one) ?? one));
}

function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((entry) => withTexts(entry, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTexts(inner, change)]));
}
