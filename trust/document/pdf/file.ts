import { DocumentFault } from '../findings.ts';
import { type PdfDictionary, type PdfObject, readDictionary, readObject } from './objects.ts';

/** Where an object begins, and how often its number was given to another before. */
export interface ObjectPlace {
  readonly at: number;
  readonly generation: number;
}

/** What was written at one time: the file itself, or an update appended to it (ISO 32000-1, 7.5.6). */
export interface PdfRevision {
  /** Where its cross-reference table begins. */
  readonly table: number;
  /** Where its objects begin, by number; undefined for one that was deleted. */
  readonly places: ReadonlyMap<number, ObjectPlace | undefined>;
  readonly trailer: PdfDictionary;
}

/** A numbered object of a file. */
export interface NumberedObject {
  readonly object: PdfObject;
  /** Whether more than this dictionary belongs to it. */
  readonly isStream: boolean;
  readonly generation: number;
}

/** Bytes at the end of a file within which its last line stands (ISO 32000-1, annex H). */
const TAIL_BYTES = 1024;
/** Bytes of one table, which has 20 for each object. */
const MAX_TABLE_BYTES = 2 * 1024 * 1024;
const MAX_REVISIONS = 16;
/** Bytes of an object without its stream. */
const MAX_OBJECT_BYTES = 1024 * 1024;
/** Bytes before an object: its number. */
const HEAD_BYTES = 40;

/**
 * A PDF as its cross-reference tables tell it (ISO 32000-1, 7.5), and nothing else: what no table names does not count.
 * Only the plain form of tables is read, in which our own files are written and everybody can append to them.
 */
export class PdfFile {
  readonly bytes: Buffer;
  /** From the newest to the oldest. */
  readonly revisions: readonly [PdfRevision, ...PdfRevision[]];
  readonly #places: ReadonlyMap<number, ObjectPlace | undefined>;

  /** @throws DocumentFault pdf-malformed */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.revisions = readRevisions(bytes);
    this.#places = new Map(this.revisions.toReversed().flatMap(({ places }) => [...places]));
  }

  /** Number of the catalog. */
  get root(): number {
    const root = this.revisions[0].trailer.entries.get('Root')?.value;
    return root?.kind === 'reference' ? root.number : malformed('the trailer names no catalog');
  }

  /** A number that no object has, nor any above it. */
  get free(): number {
    const size = this.revisions[0].trailer.entries.get('Size')?.value;
    return [...this.#places.keys()].reduce(
      (free, number) => Math.max(free, number + 1),
      size?.kind === 'number' ? size.value : 0,
    );
  }

  /** Where an object is; undefined when there is none. */
  placeOf(number: number): ObjectPlace | undefined {
    return this.#places.get(number);
  }

  /**
   * An object.
   *
   * @returns undefined when there is none
   * @throws DocumentFault pdf-malformed, seal-malformed when it cannot be read
   */
  find(number: number): NumberedObject | undefined {
    const place = this.#places.get(number);
    if (!place) return undefined;
    const { at, generation } = place;
    const head = /^(\d{1,10}) (\d{1,5}) obj(?!\w)/.exec(this.bytes.toString('latin1', at, at + HEAD_BYTES));
    if (!head || Number(head[1]) !== number || Number(head[2]) !== generation)
      malformed(`object ${number} is not where the table says`);
    const object = readObject(this.bytes, at + head[0].length, at + MAX_OBJECT_BYTES);
    const end = /^[\0\t\n\f\r ]*(endobj|stream)/.exec(this.bytes.toString('latin1', object.to, object.to + HEAD_BYTES));
    if (!end) malformed(`object ${number} does not end`);
    return { object, isStream: end[1] === 'stream', generation };
  }

  /** What a value is: itself, or the object that it refers to; undefined when that is a stream or missing. */
  resolve(value: PdfObject | undefined): PdfObject | undefined {
    if (value?.kind !== 'reference') return value;
    const found = this.find(value.number);
    return found && !found.isStream && found.generation === value.generation ? found.object : undefined;
  }

  /** The dictionary that a value is. @throws DocumentFault pdf-malformed when it is none */
  dictionary(value: PdfObject | undefined): PdfDictionary {
    const found = this.resolve(value);
    return found?.kind === 'dictionary' ? found : malformed('a dictionary is missing');
  }

  /** The dictionary of the catalog. @throws DocumentFault pdf-malformed */
  get catalog(): PdfDictionary {
    return this.dictionary(this.revisions[0].trailer.entries.get('Root')?.value);
  }
}

/** @throws DocumentFault pdf-malformed */
function readRevisions(bytes: Buffer): [PdfRevision, ...PdfRevision[]] {
  const tail = bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES));
  const last = /startxref\s+(\d{1,12})\s+%%EOF\s*$/.exec(tail) ?? malformed('the end of the file is missing');
  const newest = readRevision(bytes, Number(last[1]));
  const revisions: [PdfRevision, ...PdfRevision[]] = [newest];
  for (let oldest = newest; ; ) {
    const before = oldest.trailer.entries.get('Prev')?.value;
    if (!before) return revisions;
    if (before.kind !== 'number' || before.value >= oldest.table) malformed('the tables do not lead back');
    if (revisions.length === MAX_REVISIONS) malformed('there are too many revisions');
    oldest = readRevision(bytes, before.value);
    revisions.push(oldest);
  }
}

function readRevision(bytes: Buffer, table: number): PdfRevision {
  const text = bytes.toString('latin1', table, table + MAX_TABLE_BYTES);
  const places = new Map<number, ObjectPlace | undefined>();
  const section = /(\d{1,10}) (\d{1,7})(?: ?\r\n| ?\n| \r|\r)/y;
  const entry = /(\d{10}) (\d{5}) ([nf])(?: \n| \r|\r\n)/y;
  let at = /^xref(?: ?\r\n| ?\n| \r|\r)/.exec(text)?.[0].length ?? malformed('there is no plain table of objects');
  for (;;) {
    section.lastIndex = at;
    const head = section.exec(text);
    if (!head) break;
    entry.lastIndex = section.lastIndex;
    for (let index = 0; index < Number(head[2]); index += 1) {
      const [, place, generation, use] = entry.exec(text) ?? malformed('a table of objects is malformed');
      const number = Number(head[1]) + index;
      if (places.has(number)) malformed(`a table has object ${number} twice`);
      places.set(number, use === 'n' ? { at: Number(place), generation: Number(generation) } : undefined);
    }
    at = entry.lastIndex;
  }
  const start = /^\s*trailer\s*(?=<<)/.exec(text.slice(at, at + HEAD_BYTES)) ?? malformed('a table has no trailer');
  const trailer = readDictionary(bytes, table + at + start[0].length, table + MAX_TABLE_BYTES);
  if (!trailer || ['Encrypt', 'XRefStm'].some((key) => trailer.entries.has(key)))
    malformed('it is encrypted or has tables of two kinds');
  return { table, places, trailer };
}

function malformed(detail: string): never {
  throw new DocumentFault('pdf-malformed', detail);
}
