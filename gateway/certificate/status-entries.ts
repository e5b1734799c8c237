import { STATUS_LIST_SIZE, STATUS_WORDS, type StatusReference, type StatusWord } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

/** A status list of ours. */
interface StatusListRow {
  /** Number in its path. */
  readonly n: number;
  readonly uri: string;
}

export interface StatusAllocation {
  /** What the addresses of new lists begin with. */
  readonly baseUri: string;
  /** Unpredictable whole number from 0, below `limit`. */
  readonly random: (limit: number) => number;
  /** Milliseconds. */
  readonly now: number;
}

/** Certificates of one list. The entries that remain free keep the search for one short, and hide in the number of others. */
const CAPACITY = 1_000_000;
/** Looks for a free entry; in a full list the last one comes up empty once in 10^10 times, and the next list begins. */
const TRIES = 500;
/** Entries that look ended and are of no certificate: what a list shows is not how many were revoked. */
const DECOYS = STATUS_LIST_SIZE / 1024;
const DECOY_WORDS = STATUS_WORDS.filter((word) => word !== 'valid');

/** The rows of our status lists and their entries. */
export const statusEntries = {
  /**
   * Takes a free entry, at random: neighbours in a list were not issued one after the other. A number that no
   * certificate uses in the end stays taken, and is one more decoy.
   */
  async allocate(tx: Transaction, allocation: StatusAllocation): Promise<StatusReference> {
    const open = await openList(tx, allocation);
    const taken =
      (await takeEntry(tx, open, allocation)) ?? (await takeEntry(tx, await newList(tx, allocation), allocation));
    if (!taken) throw new RangeError('a new status list has no free entry: the random numbers are none');
    return taken;
  },

  /** Says in the list how a certificate stands. @returns the list; undefined when it is none of ours */
  async mark(tx: Transaction, { uri, idx }: StatusReference, word: StatusWord): Promise<number | undefined> {
    const row = await tx.get<{ n: number }>('SELECT n FROM status_list WHERE uri = ?', uri);
    if (row) await tx.run('UPDATE status_entry SET status = ? WHERE list = ? AND idx = ?', word, row.n, idx);
    return row?.n;
  },

  /** The entries of a list that are not valid. */
  async marked(sql: Sql, n: number): Promise<(readonly [idx: number, word: StatusWord])[]> {
    const rows = await sql.all<{ idx: number; status: StatusWord }>(
      "SELECT idx, status FROM status_entry WHERE list = ? AND status <> 'valid' ORDER BY idx",
      n,
    );
    return rows.map(({ idx, status }) => [idx, status] as const);
  },

  find(sql: Sql, n: number): Promise<(StatusListRow & { readonly issuedAt: number }) | undefined> {
    return sql.get<StatusListRow & { readonly issuedAt: number }>(
      'SELECT n, uri, issued_at AS "issuedAt" FROM status_list WHERE n = ?',
      n,
    );
  },

  /** The addresses of all lists, oldest first. */
  async addresses(sql: Sql): Promise<string[]> {
    const rows = await sql.all<{ uri: string }>('SELECT uri FROM status_list ORDER BY n');
    return rows.map(({ uri }) => uri);
  },

  /** Writes down when the newest copy says to be issued. @returns false when another one was issued meanwhile */
  async issued(tx: Transaction, n: number, issuedAt: number): Promise<boolean> {
    const changed = await tx.run(
      'UPDATE status_list SET issued_at = ? WHERE n = ? AND issued_at < ?',
      issuedAt,
      n,
      issuedAt,
    );
    return changed === 1;
  },
};

async function takeEntry(
  tx: Transaction,
  { n, uri }: StatusListRow,
  { random }: StatusAllocation,
): Promise<StatusReference | undefined> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const idx = random(STATUS_LIST_SIZE);
    const taken = await tx.run('INSERT INTO status_entry (list, idx) VALUES (?, ?) ON CONFLICT DO NOTHING', n, idx);
    if (taken === 0) continue;
    await tx.run('UPDATE status_list SET allocated = allocated + 1 WHERE n = ?', n);
    return { idx, uri };
  }
  return undefined;
}

/** The newest list, unless it is full or begins with another address than is configured now. */
async function openList(tx: Transaction, allocation: StatusAllocation): Promise<StatusListRow> {
  const newest = await tx.get<StatusListRow & { readonly allocated: number }>(
    'SELECT n, uri, allocated FROM status_list ORDER BY n DESC LIMIT 1',
  );
  const fits = newest && newest.allocated < CAPACITY && newest.uri === allocation.baseUri + newest.n;
  return fits ? newest : newList(tx, allocation);
}

async function newList(tx: Transaction, { baseUri, random, now }: StatusAllocation): Promise<StatusListRow> {
  const row = await tx.get<{ n: number }>('SELECT coalesce(max(n), 0) + 1 AS n FROM status_list');
  const n = row!.n;
  const uri = baseUri + n;
  await tx.run('INSERT INTO status_list (n, uri, created_at) VALUES (?, ?, ?)', n, uri, now);
  for (let decoy = 0; decoy < DECOYS; decoy += 1) {
    await tx.run(
      'INSERT INTO status_entry (list, idx, status) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      n,
      random(STATUS_LIST_SIZE),
      DECOY_WORDS[random(DECOY_WORDS.length)]!,
    );
  }
  return { n, uri };
}
