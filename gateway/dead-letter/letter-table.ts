import type { ErrorCode } from '#proto';
import type { Sql, Transaction, Value } from '../store/store.ts';
import {
  type Closing,
  type FiledLetter,
  type Letter,
  type LetterCount,
  type LetterOutcome,
  type LetterQueue,
  STOPPING,
} from './letter.ts';

/** Which letters are looked for. */
export interface LetterFilter {
  readonly queue?: LetterQueue;
  readonly name?: string;
  /** Those that somebody dealt with, instead of those that wait for it. */
  readonly closed?: boolean;
}

/** What may change of a letter while it is open. */
export type LetterNews = Pick<Letter, 'subject' | 'type' | 'sequence' | 'code'>;

interface Row extends Omit<Letter, 'code'> {
  readonly position: number;
  readonly code: string;
  readonly dead_at: number;
  readonly outcome: string;
  readonly successor: string;
  readonly done_by: string;
  readonly role: string;
  readonly why: string;
  readonly closed_at: number | null;
}

const COLUMNS = `position, id, queue, name, place, subject, type, sequence, reason, code, since, dead_at, outcome,
  successor, done_by, role, why, closed_at`;
const STOPPING_WORDS = STOPPING.map((reason) => `'${reason}'`).join(', ');

/** The table `dead_letter`: one open row for each thing that fell out of a queue, and what was done about each. */
export const letterTable = {
  async insert(tx: Transaction, letter: Letter, deadAt: number): Promise<void> {
    const { id, queue, name, place, subject, type, sequence, reason, code, since } = letter;
    await tx.run(
      `INSERT INTO dead_letter (id, queue, name, place, subject, type, sequence, reason, code, since, dead_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, queue, name, place, subject, type, sequence, reason, code, since, deadAt],
    );
  },

  async close(tx: Transaction, position: number, { outcome, successor, by, role, reason, at }: Closing): Promise<void> {
    await tx.run(
      `UPDATE dead_letter SET outcome = ?, successor = ?, done_by = ?, role = ?, why = ?, closed_at = ?
       WHERE position = ? AND closed_at IS NULL`,
      ...[outcome, successor, by, role, reason, at, position],
    );
  },

  /** Writes into an open letter what is known of it now. */
  async change(tx: Transaction, position: number, { subject, type, sequence, code }: LetterNews): Promise<void> {
    await tx.run(
      'UPDATE dead_letter SET subject = ?, type = ?, sequence = ?, code = ? WHERE position = ? AND closed_at IS NULL',
      ...[subject, type, sequence, code, position],
    );
  },

  /** Everything that was ever filed under an id, the newest first; at most `limit`. */
  async history(sql: Sql, id: string, limit: number): Promise<FiledLetter[]> {
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM dead_letter WHERE id = ? ORDER BY position DESC LIMIT ?`,
      id,
      limit,
    );
    return rows.map(letterOf);
  },

  /** Newest first, below a position. */
  async list(sql: Sql, { queue, name, closed }: LetterFilter, limit: number, before: number): Promise<FiledLetter[]> {
    const asked: [string, Value][] = [['position < ?', before]];
    if (queue !== undefined) asked.push(['queue = ?', queue]);
    if (name !== undefined) asked.push(['name = ?', name]);
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM dead_letter WHERE closed_at IS ${closed ? 'NOT NULL' : 'NULL'}
         AND ${asked.map(([clause]) => clause).join(' AND ')} ORDER BY position DESC LIMIT ?`,
      ...asked.map(([, value]) => value),
      limit,
    );
    return rows.map(letterOf);
  },

  /** Open letters by queue. */
  counts(sql: Sql): Promise<LetterCount[]> {
    return sql.all<LetterCount & Record<string, never>>(
      `SELECT queue, name, count(*) AS count FROM dead_letter WHERE closed_at IS NULL GROUP BY queue, name
       ORDER BY queue, name`,
    );
  },

  /** Conversations that stand still. */
  stopping(sql: Sql): Promise<{ name: string; subject: string }[]> {
    return sql.all(
      `SELECT name, subject FROM dead_letter
       WHERE closed_at IS NULL AND queue = 'peer' AND reason IN (${STOPPING_WORDS})`,
    );
  },

  /** Open letters whose envelope still holds its place and expired before a time (ms). */
  async outlived(sql: Sql, before: number, limit: number): Promise<FiledLetter[]> {
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM dead_letter
       WHERE closed_at IS NULL AND queue = 'peer' AND reason IN (${STOPPING_WORDS}) AND EXISTS (
         SELECT 1 FROM outbox
         WHERE outbox.position = dead_letter.place AND outbox.state = 'dead' AND outbox.expires_at < ?)
       ORDER BY position LIMIT ?`,
      before,
      limit,
    );
    return rows.map(letterOf);
  },

  /** An open letter of the same conversation that comes before one. */
  async earlier(sql: Sql, { queue, name, subject, sequence }: Letter): Promise<{ id: string } | undefined> {
    return sql.get(
      `SELECT id FROM dead_letter WHERE closed_at IS NULL AND subject = ? AND queue = ? AND name = ? AND sequence < ?
       ORDER BY sequence LIMIT 1`,
      ...[subject, queue, name, sequence],
    );
  },

  /** @returns whether there was one */
  async removeOldestExpired(tx: Transaction, queue: LetterQueue, name: string): Promise<boolean> {
    const removed = await tx.run(
      `DELETE FROM dead_letter WHERE position = (SELECT min(position) FROM dead_letter
         WHERE closed_at IS NULL AND queue = ? AND name = ? AND reason = 'expired')`,
      queue,
      name,
    );
    return removed === 1;
  },
};

function letterOf({
  dead_at: deadAt,
  outcome,
  successor,
  done_by,
  role,
  why,
  closed_at,
  code,
  ...row
}: Row): FiledLetter {
  const letter = { ...row, code: code as ErrorCode | '', deadAt };
  if (closed_at === null) return letter;
  const closing = { outcome: outcome as LetterOutcome, successor, by: done_by, role, reason: why, at: closed_at };
  return { ...letter, closing };
}
