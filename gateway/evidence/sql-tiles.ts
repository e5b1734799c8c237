import { CodedError } from '#proto';
import type { TileNode, TileReader } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

interface Run {
  readonly first_index: number;
  readonly first_position: number;
  readonly count: number;
}

/** An entry that is committed but not in the tree yet. */
export interface WaitingEntry {
  readonly position: number;
  readonly leaf: Buffer;
}

/**
 * The log's hashes in the database. Entries keep the position that their transaction gave them; runs say which
 * positions make which stretch of the tree, so that integrating rewrites no entry.
 */
export class SqlTiles implements TileReader {
  readonly #read: Sql;

  constructor(read: Sql) {
    this.#read = read;
  }

  leaves(from: number, count: number): Promise<Buffer[]> {
    return this.#stretch('leaf', from, count);
  }

  /** Encoded entries by their index in the tree. */
  entries(from: number, count: number): Promise<Buffer[]> {
    return this.#stretch('entry', from, count);
  }

  async #stretch(column: 'leaf' | 'entry', from: number, count: number): Promise<Buffer[]> {
    const found: Buffer[] = [];
    while (found.length < count) {
      const at = from + found.length;
      const run = await this.#read.get<Run>(
        'SELECT first_index, first_position, count FROM log_run WHERE first_index <= ? ORDER BY first_index DESC LIMIT 1',
        at,
      );
      if (!run || at >= run.first_index + run.count) break;
      const position = run.first_position + (at - run.first_index);
      const want = Math.min(count - found.length, run.first_index + run.count - at);
      const rows = await this.#read.all<{ value: Buffer }>(
        `SELECT ${column} AS value FROM log_entry WHERE position >= ? AND position < ? ORDER BY position`,
        position,
        position + want,
      );
      if (rows.length !== want) break;
      for (const row of rows) found.push(row.value);
    }
    return found;
  }

  async nodes(level: number, from: number, count: number): Promise<Buffer[]> {
    const rows = await this.#read.all<{ hash: Buffer }>(
      'SELECT hash FROM log_node WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx',
      level,
      from,
      from + count,
    );
    return rows.map((row) => row.hash);
  }

  /** Committed entries that no run covers, oldest first. */
  async waiting(limit: number): Promise<WaitingEntry[]> {
    const last = await this.#lastRun(this.#read);
    const after = last ? last.first_position + last.count - 1 : 0;
    return this.#read.all<WaitingEntry>(
      'SELECT position, leaf FROM log_entry WHERE position > ? ORDER BY position LIMIT ?',
      after,
      limit,
    );
  }

  /** Records that these positions are the tree's leaves from `fromIndex` on. */
  async integrate(
    tx: Transaction,
    fromIndex: number,
    positions: readonly number[],
    nodes: readonly TileNode[],
  ): Promise<void> {
    let index = fromIndex;
    for (const [first, count] of stretches(positions)) {
      await this.#extend(tx, index, first, count);
      index += count;
    }
    for (const { level, index: at, hash } of nodes) {
      await tx.run('INSERT INTO log_node (level, idx, hash) VALUES (?, ?, ?)', level, at, hash);
    }
  }

  /**
   * The entry at a position, with its place in the tree.
   *
   * @throws CodedError LOG_CORRUPT when it is not integrated
   */
  async entryAt(position: number): Promise<{ entry: Buffer; index: number }> {
    const run = await this.#read.get<Run>(
      'SELECT first_index, first_position, count FROM log_run WHERE first_position <= ? ORDER BY first_position DESC LIMIT 1',
      position,
    );
    const row = await this.#read.get<{ entry: Buffer }>('SELECT entry FROM log_entry WHERE position = ?', position);
    if (!run || !row || position >= run.first_position + run.count) {
      throw new CodedError('LOG_CORRUPT', `the log has no integrated entry at position ${position}`);
    }
    return { entry: row.entry, index: run.first_index + (position - run.first_position) };
  }

  /** The entry at an index of the tree, with its position; undefined when there is none. */
  async entryAtIndex(index: number): Promise<{ entry: Buffer; position: number } | undefined> {
    const run = await this.#read.get<Run>(
      'SELECT first_index, first_position, count FROM log_run WHERE first_index <= ? ORDER BY first_index DESC LIMIT 1',
      index,
    );
    if (!run || index >= run.first_index + run.count) return undefined;
    const position = run.first_position + (index - run.first_index);
    const row = await this.#read.get<{ entry: Buffer }>('SELECT entry FROM log_entry WHERE position = ?', position);
    return row && { entry: row.entry, position };
  }

  async #extend(tx: Transaction, index: number, position: number, count: number): Promise<void> {
    const last = await this.#lastRun(tx);
    if (last && last.first_position + last.count === position) {
      await tx.run('UPDATE log_run SET count = count + ? WHERE first_index = ?', count, last.first_index);
    } else {
      await tx.run('INSERT INTO log_run (first_index, first_position, count) VALUES (?, ?, ?)', index, position, count);
    }
  }

  #lastRun(sql: Sql): Promise<Run | undefined> {
    return sql.get<Run>('SELECT first_index, first_position, count FROM log_run ORDER BY first_index DESC LIMIT 1');
  }
}

/** Splits ascending positions into [first, count] stretches without gaps. */
function stretches(positions: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const position of positions) {
    const last = found.at(-1);
    if (last && last[0] + last[1] === position) last[1] += 1;
    else found.push([position, 1]);
  }
  return found;
}
