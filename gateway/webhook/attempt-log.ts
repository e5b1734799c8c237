import type { ErrorCode } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';

/** Attempts of one subscription that are kept; older ones make room. */
export const ATTEMPTS_KEPT = 200;

/** One attempt to deliver an event (投递记录). Nothing of the event but its name. */
export interface Attempt {
  /** Number of the attempt within its subscription. */
  readonly n: number;
  /** Milliseconds. */
  readonly at: number;
  /** Id and type of the event. */
  readonly event: string;
  readonly type: string;
  /** Of HTTP; 0 where nobody answered. */
  readonly status: number;
  /** Why it counts as failed; empty when the platform took it. */
  readonly code: ErrorCode | '';
  /** How long it took. */
  readonly ms: number;
}

/** The last attempts of each subscription. */
export const attemptLog = {
  async add(tx: Transaction, webhook: string, attempt: Omit<Attempt, 'n'>): Promise<void> {
    const { at, event, type, status, code, ms } = attempt;
    // A ping may be under way beside a delivery: the number is taken where it is written.
    const row = await tx.get<{ n: number }>(
      `INSERT INTO webhook_attempt (webhook, n, at, event, type, status, code, ms)
       SELECT ?, coalesce(max(n), 0) + 1, ?, ?, ?, ?, ?, ? FROM webhook_attempt WHERE webhook = ? RETURNING n`,
      ...[webhook, at, event, type, status, code, ms, webhook],
    );
    await tx.run('DELETE FROM webhook_attempt WHERE webhook = ? AND n <= ?', webhook, row!.n - ATTEMPTS_KEPT);
  },

  /** Newest first, below a number. */
  list(sql: Sql, webhook: string, limit: number, below = Number.MAX_SAFE_INTEGER): Promise<Attempt[]> {
    return sql.all<Attempt>(
      `SELECT n, at, event, type, status, code, ms FROM webhook_attempt WHERE webhook = ? AND n < ?
       ORDER BY n DESC LIMIT ?`,
      webhook,
      below,
      limit,
    );
  },
};
