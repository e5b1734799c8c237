import { splitSql } from './sql-segments.ts';

/** Texts that are prepared by name; further ones, as of lists of many lengths, are parsed each time. */
const MAX_PREPARED = 1_000;

/** A statement as PostgreSQL takes it. */
export interface PostgresText {
  readonly text: string;
  /** Under which a connection prepares it once. */
  readonly name?: string;
}

/** Turns our statements with `?` into PostgreSQL's with `$1`, each text once. */
export class Placeholders {
  readonly #known = new Map<string, PostgresText>();

  of(text: string): PostgresText {
    const known = this.#known.get(text);
    if (known) return known;
    if (this.#known.size >= MAX_PREPARED) return { text: numbered(text) };
    const made = { text: numbered(text), name: `s${this.#known.size}` };
    this.#known.set(text, made);
    return made;
  }
}

/** A `?` in a string, a quoted name or a comment stays one. */
export function numbered(text: string): string {
  let count = 0;
  const next = () => {
    count += 1;
    return `$${count}`;
  };
  return splitSql(text)
    .map(({ isCode, text: part }) => (isCode ? part.replaceAll('?', next) : part))
    .join('');
}
