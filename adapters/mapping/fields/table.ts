import { MappingFault } from '../fault.ts';

/** A code table (代码表) as the file has it: code of the platform to our word. */
export interface TableSpec {
  readonly codes: Readonly<Record<string, string>>;
  /** Code for a word that several codes stand for. */
  readonly reverse?: Readonly<Record<string, string>>;
  /** Word for every unknown code. */
  readonly default?: string;
  /** Code for every unknown word. */
  readonly default_code?: string;
}

/** A code table, read both ways. */
export class Table {
  readonly #name: string;
  readonly #words: ReadonlyMap<string, string>;
  readonly #codes = new Map<string, string>();
  readonly #word: string | undefined;
  readonly #code: string | undefined;
  /** Words for which nobody has said which of several codes to write. */
  readonly ambiguous: ReadonlySet<string>;

  constructor(name: string, { codes, reverse = {}, default: word, default_code: code }: TableSpec) {
    this.#name = name;
    this.#words = new Map(Object.entries(codes));
    this.#word = word;
    this.#code = code;
    const ambiguous = new Set<string>();
    for (const [one, its] of this.#words) {
      if (this.#codes.has(its)) ambiguous.add(its);
      else this.#codes.set(its, one);
    }
    for (const [its, one] of Object.entries(reverse)) {
      this.#codes.set(its, one);
      ambiguous.delete(its);
    }
    this.ambiguous = ambiguous;
  }

  /** @throws MappingFault UNKNOWN_CODE, TYPE */
  wordOf(code: unknown): string {
    const word = this.#words.get(scalar(code)) ?? this.#word;
    if (word !== undefined) return word;
    const message = `is a code that the table ${this.#name} does not have; add it there, or have it corrected at the platform`;
    throw new MappingFault('UNKNOWN_CODE', message);
  }

  /** @throws MappingFault UNKNOWN_WORD, AMBIGUOUS, TYPE */
  codeOf(word: unknown): string {
    const its = scalar(word);
    if (this.ambiguous.has(its)) {
      const message = `is a word that several codes of the table ${this.#name} stand for; name one of them under reverse`;
      throw new MappingFault('AMBIGUOUS', message);
    }
    const code = this.#codes.get(its) ?? this.#code;
    if (code !== undefined) return code;
    throw new MappingFault('UNKNOWN_WORD', `is a word for which the table ${this.#name} has no code; add one`);
  }
}

/** The tables of a mapping by their names. */
export class Tables {
  readonly #tables: ReadonlyMap<string, Table>;

  constructor(specs: Readonly<Record<string, TableSpec>>) {
    this.#tables = new Map(Object.entries(specs).map(([name, spec]) => [name, new Table(name, spec)]));
  }

  find(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  /** @throws MappingFault EXPRESSION */
  named(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new MappingFault('EXPRESSION', 'its expression names a table that the mapping does not have');
    return table;
  }
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new MappingFault('TYPE', 'must be one code, and is a list or an object');
}
