import type { Alias } from './bundle.ts';

/** What the fields or the materials of the items are called in the whole. */
export class WholeNames {
  readonly #aliases = new Map<string, Alias>();

  constructor(aliases: readonly Alias[]) {
    for (const alias of aliases) for (const { part, name } of alias.of) this.#aliases.set(keyOf(part, name), alias);
  }

  /** The alias that names it, if one does. */
  aliasOf(part: string, name: string): Alias | undefined {
    return this.#aliases.get(keyOf(part, name));
  }

  /** Its name in the whole: its own, unless an alias names it. */
  of(part: string, name: string): string {
    return this.aliasOf(part, name)?.name ?? name;
  }
}

/** Keys of parts hold no blank. */
function keyOf(part: string, name: string): string {
  return `${part} ${name}`;
}
