/**
 * What stands in a JSON value at a path of member names, such as `Case.number`. In a list the first entry counts.
 *
 * @returns undefined when there is nothing
 */
export function valueAt(document: unknown, path: string): unknown {
  let found = document;
  for (const name of path.split('.')) {
    if (Array.isArray(found)) found = found[0];
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** Text or number at a path, as text; undefined when there is neither. */
export function textAt(document: unknown, path: string): string | undefined {
  const found = valueAt(document, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
