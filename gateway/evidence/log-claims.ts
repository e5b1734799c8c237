import { decode, type messages } from '#proto';
import type { Reader, Sql } from '../store/store.ts';
import { auditPurgedBefore, latestAuditPurge } from './audit-purged.ts';
import type { OnFault } from './log-fault.ts';
import { rowsOf } from './record-rows.ts';
import { SqlTiles } from './sql-tiles.ts';

/** What a record says its log entry must say. */
export interface Expected {
  readonly where: string;
  readonly position: number;
  readonly kind: messages.LogEntryKind;
  /** Leaf hashes that it may have; undefined where the record is sealed, and nobody here can open it. */
  readonly subjects: readonly Buffer[] | undefined;
  readonly peer: string;
  /** The entry at that position. */
  readonly entry: Buffer | null;
}

/** What a volume of the archive has in the place of a record that left the database. */
export interface ArchivedRecord {
  /** Volume and piece of evidence, for a fault. */
  readonly where: string;
  /** Index of its entry in the tree. */
  readonly index: number;
  /** The encoded entry as the archive has it. */
  readonly entry: Buffer;
}

/** Reads from the archive the records that left the database; volumes that cannot be read are faults. */
export type ArchivedRecords = (read: Reader, onFault: OnFault) => AsyncIterable<ArchivedRecord>;

const ENTRIES = 'SELECT position AS key, entry FROM log_entry WHERE position > ? ORDER BY position LIMIT ?';
const ENTRY_STEP = 4096;

/** Which entries have a record: one bit for each position. */
export class Claims {
  readonly #claimed: Uint8Array;
  readonly #onFault: OnFault;
  /** Records so far. */
  count = 0;

  constructor(last: number, onFault: OnFault) {
    this.#claimed = new Uint8Array(Math.ceil((last + 1) / 8));
    this.#onFault = onFault;
  }

  /** Holds a record against its entry. */
  hold({ where, position, kind, subjects, peer, entry: bytes }: Expected): void {
    this.count += 1;
    if (bytes === null) {
      this.#onFault(where, 'LOG_CORRUPT', `its log entry ${position} is missing`);
      return;
    }
    const entry = entryOf(bytes);
    const fits = entry?.version === 1 && entry.kind === kind && entry.peer === peer;
    if (!fits || subjects?.some((subject) => subject.equals(entry.subject)) === false)
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} says something else: the record was altered`);
    if (this.#has(position))
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} has another record already`);
    this.#claimed[position >> 3]! |= 1 << (position & 7);
  }

  /** Holds what the archive has against the log. The database may have the same record still. */
  async holdArchived({ where, index, entry }: ArchivedRecord, read: Sql): Promise<void> {
    this.count += 1;
    const found = await new SqlTiles(read).entryAtIndex(index);
    if (!found?.entry.equals(entry))
      this.#onFault(where, 'LOG_CORRUPT', `the entry ${index} of the log is not the one in the archive`);
    else this.#claimed[found.position >> 3]! |= 1 << (found.position & 7);
  }

  /** Finds entries whose record is gone, other than by retention. */
  async checkOrphans(read: Sql, now: number): Promise<void> {
    const [audit, latest] = [await auditPurgedBefore(read), await latestAuditPurge(read, now)];
    if (audit > 0 && audit > latest)
      this.#onFault('counter/audit', 'LOG_CORRUPT', 'it excuses audit records that are too young to have been removed');
    const purgedBefore = Math.min(audit, latest);
    for await (const { key, entry } of rowsOf<{ key: number; entry: Buffer }>(read, ENTRIES, ENTRY_STEP))
      if (!this.#has(key) && !isPurged(entry, purgedBefore))
        this.#onFault(`log_entry/${key}`, 'LOG_CORRUPT', 'no record answers to it: it was removed');
  }

  #has(position: number): boolean {
    return ((this.#claimed[position >> 3] ?? 0) & (1 << (position & 7))) !== 0;
  }
}

/**
 * Whether an entry is about an act that was kept for as long as it had to be. Its time is in the hash of the log. Cases and
 * checks leave the database for the archive only, which answers for them.
 *
 * @param before milliseconds: what is older may be gone
 */
function isPurged(bytes: Buffer, before: number): boolean {
  const entry = before > 0 ? entryOf(bytes) : undefined;
  return entry?.kind === 'LOG_ENTRY_KIND_OPERATOR_ACTION' && entry.at < before;
}

function entryOf(bytes: Buffer): messages.LogEntry | undefined {
  try {
    return decode('LogEntry', bytes);
  } catch {
    return undefined;
  }
}
