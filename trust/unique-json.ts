/** A string of a JSON text, and the colon that makes it the name of a member. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;

/**
 * Parses JSON, refusing a member that stands twice in one object: two readers could take two different values of it
 * (RFC 8259, 4; RFC 7515, 4 demands unique names).
 *
 * @throws SyntaxError
 */
export function parseUniqueJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Text that is as long as what it says has nothing that is said twice; most of what is signed is written like this.
  if (JSON.stringify(value) === text) return value;
  // The text is JSON, so that every string before a colon is a name; the value has each name of an object once.
  let written = 0;
  for (const [, colon] of text.matchAll(STRING)) if (colon !== undefined) written += 1;
  if (written !== membersOf(value)) throw new SyntaxError('a member stands twice');
  return value;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce((sum: number, member) => sum + membersOf(member), 0);
  return Array.isArray(value) ? inner : inner + Object.keys(value).length;
}
