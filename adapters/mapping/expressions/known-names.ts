import type { ExprNode } from 'jsonata';

/** JSONata's own functions. */
const OWN = (
  'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match ' +
  'contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power ' +
  'boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type ' +
  'sort distinct encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis fromMillis clone'
).split(' ');

/**
 * Names after `$` that an expression uses and nobody defines: a slip of the pen that would show only when the first
 * record comes. A name that is defined anywhere in the expression counts as known everywhere in it.
 *
 * @param lent names of the functions that the mapping lends
 */
export function unknownNames(ast: ExprNode, lent: readonly string[]): readonly string[] {
  const known = new Set(['', '$', 'record', ...OWN, ...lent]);
  const used = new Set<string>();
  const seen = new Set<object>();
  const open: unknown[] = [ast];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const { type, value, lhs, arguments: parameters, focus, index } = node as ExprNode & Bindings;
    if (type === 'variable' && typeof value === 'string') used.add(value);
    if ((type as string) === 'bind') known.add((lhs as ExprNode).value as string);
    if (type === 'lambda') for (const parameter of parameters ?? []) known.add(parameter.value as string);
    for (const name of [focus, index]) if (typeof name === 'string') known.add(name);
    open.push(...Object.values(node));
  }
  return [...used].filter((name) => !known.has(name));
}

/** Members of path steps that name something: `@$x` and `#$i`. */
interface Bindings {
  readonly focus?: unknown;
  readonly index?: unknown;
}
