import type { Sql, Transaction } from '../store/store.ts';
import type { Failure, QueuedEvent } from './queued-event.ts';

/** An event as it lies in the store. */
export interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: number;
  readonly at: number;
  readonly data: string;
}

/** One that is held for a platform; times in ms. */
export interface HeldRow extends EventRow {
  readonly attempts: number;
  readonly first_at: number;
  readonly due_at: number;
}

/** The table `platform_held`: events that a platform did not take, and those of the same subject that stand behind them. */
export const heldTable = {
  /** The first waiting event of each subject can have its turn; of these, the one that is due first. */
  first(sql: Sql, adapter: string): Promise<HeldRow | undefined> {
    return sql.get<HeldRow & Record<string, never>>(
      `SELECT event.position, id, type, event.subject, sequence, at, data, attempts, first_at, due_at
       FROM platform_held AS held JOIN platform_event AS event ON event.position = held.position
       WHERE held.adapter = ? AND held.state = 'waiting' AND NOT EXISTS (
         SELECT 1 FROM platform_held AS earlier
         WHERE earlier.adapter = held.adapter AND earlier.subject = held.subject AND earlier.state = 'waiting'
           AND earlier.position < held.position)
       ORDER BY due_at, held.position LIMIT 1`,
      adapter,
    );
  },

  /** How many are in a state, counted up to a limit. */
  async count(sql: Sql, adapter: string, state: 'waiting' | 'parked', limit: number): Promise<number> {
    const row = await sql.get<{ n: number }>(
      'SELECT count(*) AS n FROM (SELECT 1 FROM platform_held WHERE adapter = ? AND state = ? LIMIT ?) AS held',
      adapter,
      state,
      limit,
    );
    return row!.n;
  },

  /** Whether events of a subject wait. */
  async waits(sql: Sql, adapter: string, subject: string): Promise<boolean> {
    const row = await sql.get(
      "SELECT 1 FROM platform_held WHERE adapter = ? AND subject = ? AND state = 'waiting' LIMIT 1",
      adapter,
      subject,
    );
    return row !== undefined;
  },

  async remove(tx: Transaction, adapter: string, position: number): Promise<void> {
    await tx.run('DELETE FROM platform_held WHERE adapter = ? AND position = ?', adapter, position);
  },

  /** Puts a new event behind the waiting ones of its subject, also one that was parked before all is delivered again. */
  async line(tx: Transaction, adapter: string, position: number, subject: string): Promise<void> {
    await tx.run(
      `INSERT INTO platform_held
         (adapter, position, subject, state, attempts, first_at, last_at, due_at, code, message)
       VALUES (?, ?, ?, 'waiting', 0, 0, 0, 0, '', '')
       ON CONFLICT (adapter, position) DO UPDATE SET state = excluded.state, attempts = 0, first_at = 0, due_at = 0`,
      adapter,
      position,
      subject,
    );
  },

  /** @param dueAt when to try again, in ms */
  async hold(
    tx: Transaction,
    adapter: string,
    { position, event: { subject }, attempts, failedSince }: QueuedEvent,
    state: 'waiting' | 'parked',
    { code, message, at }: Failure,
    dueAt: number,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO platform_held (adapter, position, subject, state, attempts, first_at, last_at, due_at, code, message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (adapter, position) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
         first_at = excluded.first_at, last_at = excluded.last_at, due_at = excluded.due_at, code = excluded.code,
         message = excluded.message`,
      ...[adapter, position, subject, state, attempts + 1, failedSince ?? at, at, Math.round(dueAt), code, message],
    );
  },

  /** Lets every event that waits for its turn have it earlier. @param ms milliseconds */
  async bringForward(tx: Transaction, adapter: string, ms: number): Promise<void> {
    await tx.run(
      "UPDATE platform_held SET due_at = due_at - ? WHERE adapter = ? AND state = 'waiting' AND due_at > 0",
      Math.round(ms),
      adapter,
    );
  },
};
