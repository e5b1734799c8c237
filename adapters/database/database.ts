/** What a statement may be given; it never becomes part of the statement's text. */
export type Bound = string | number | boolean | null | Uint8Array;

/** The bytes of a value may be many: they are not copied. */
export function asParameter(value: Bound): Exclude<Bound, Uint8Array> | Buffer {
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

export type Row = Readonly<Record<string, unknown>>;

/** Statements in which `?` stands for each value. */
export interface Session {
  rows<R extends Row = Row>(text: string, values?: readonly Bound[]): Promise<R[]>;
  /** @returns how many rows it found to change */
  run(text: string, values?: readonly Bound[]): Promise<number>;
}

/** Connections to the database of a platform (前置库), made when they are needed, again after each loss. */
export interface Database extends Session {
  readonly dialect: Dialect;
  /** One transaction, READ COMMITTED. */
  unit<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Waits for the statements under way. */
  close(): Promise<void>;
}

/** A column of a table, as the database describes it. */
export interface Column {
  readonly name: string;
  /** `bytes` never become part of a document; `time` and `number` can be a watermark. */
  readonly kind: 'text' | 'bytes' | 'number' | 'time' | 'other';
  /** Whether the database itself writes the time of every change of the row into it. */
  readonly isStamp: boolean;
}

/** What differs between databases. */
export interface Dialect {
  /** A name as it stands in a statement; of a table perhaps with its schema before it. */
  quote(name: string): string;
  /** Statement and values that read `name`, `type` and `stamp` (0 or 1) of every column of a table, in order. */
  columns(table: string): { readonly text: string; readonly values: readonly Bound[] };
  kindOf(type: string): Column['kind'];
  /** Length of a column's value in bytes, told without reading the value where the database can. */
  bytesOf(quoted: string, kind: Column['kind']): string;
  /** Some bytes of a column: from which one, counted from 1, and how many. */
  part(quoted: string): string;
  /** Statement that reads `most`, the bytes that the server takes at once; undefined where it takes any value of a column. */
  readonly largest: string | undefined;
  readonly now: string;
  /** The moment that lies `?` ms before or after now. */
  readonly ago: string;
  readonly ahead: string;
  /** A watermark that lies before another by seconds, or by so many numbers: the other, then how far. */
  before(kind: 'time' | 'number'): string;
  /** Whether it sorts NULL before all else, or behind. */
  readonly nullsFirst: boolean;
  /** Locks rows that nobody else has locked, or waits for them a short time where the database cannot pass them by. */
  lock(): string;
  fault(error: unknown): Fault;
}

/** Why a statement failed. */
export interface Fault {
  /** Of the database or the connection: no text of the server, which may repeat values. */
  readonly code: string;
  /** The values are to blame, and will be next time. */
  readonly isFinal: boolean;
  /** A value that must stand only once is there already. */
  readonly isDuplicate: boolean;
  /** The character set of the column has no place for a character. */
  readonly isCharacter: boolean;
}
