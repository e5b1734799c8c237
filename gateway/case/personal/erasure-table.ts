import type { ErasureGround } from '#proto';
import type { RetentionConfig } from '../../config/retention-config.ts';
import type { Sql, Transaction } from '../../store/store.ts';
import { isPastRetention } from './retention.ts';

/** An erasure that somebody asked for. */
export interface AskedErasure {
  readonly conversation: string;
  readonly ground: ErasureGround;
  /** Region that asked; ours for what our retention demands too. */
  readonly askedBy: string;
  /** Whether it is to be done as soon as nothing forbids it; else an operator decides. */
  readonly isAllowed: boolean;
  /** Milliseconds. */
  readonly at: number;
}

/** A case whose time may have come. */
interface Candidate {
  readonly conversation: string;
  readonly item: string;
  /** Milliseconds. */
  readonly since: number;
}

/** What is owed to those whose data is to go, so that it is done after a restart too. */
export const erasureTable = {
  /** Writes a request down; whoever allowed it before is not overruled. One that is done is done again. */
  async ask(tx: Transaction, { conversation, ground, askedBy, isAllowed, at }: AskedErasure): Promise<void> {
    await tx.run(
      `INSERT INTO case_erasure (conversation, ground, asked_by, is_allowed, asked_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (conversation) DO UPDATE SET done_at = NULL,
         is_allowed = CASE WHEN case_erasure.is_allowed = 1 THEN 1 ELSE excluded.is_allowed END`,
      conversation,
      ground,
      askedBy,
      isAllowed ? 1 : 0,
      at,
    );
  },

  /** Some came after all was erased. */
  async again(tx: Transaction, conversation: string): Promise<void> {
    await tx.run('UPDATE case_erasure SET done_at = NULL WHERE conversation = ?', conversation);
  },

  async find(sql: Sql, conversation: string): Promise<AskedErasure | undefined> {
    const row = await sql.get<{ ground: ErasureGround; asked_by: string; is_allowed: number; asked_at: number }>(
      'SELECT ground, asked_by, is_allowed, asked_at FROM case_erasure WHERE conversation = ?',
      conversation,
    );
    if (!row) return undefined;
    return {
      conversation,
      ground: row.ground,
      askedBy: row.asked_by,
      isAllowed: row.is_allowed === 1,
      at: row.asked_at,
    };
  },

  /** Conversations whose erasure is to be done, in their order. */
  async owed(sql: Sql, after: string, limit: number): Promise<string[]> {
    const rows = await sql.all<{ conversation: string }>(
      `SELECT conversation FROM case_erasure WHERE done_at IS NULL AND is_allowed = 1 AND conversation > ?
       ORDER BY conversation LIMIT ?`,
      after,
      limit,
    );
    return rows.map(({ conversation }) => conversation);
  },

  async done(tx: Transaction, conversation: string, at: number): Promise<void> {
    await tx.run('UPDATE case_erasure SET done_at = ? WHERE conversation = ?', at, conversation);
  },

  /** Cases that were kept for as long as their item demands, page by page. */
  async *pastRetention(sql: Sql, config: RetentionConfig, now: number, page: number): AsyncIterable<string[]> {
    for (const [column, where] of [
      ['ended_at', 'ended_at IS NOT NULL'],
      // What never ended and nobody touched: a draft that was given up, a result that nobody fetched.
      [
        'updated_at',
        "state IN ('draft', 'previewing', 'previewed', 'returned', 'received', 'approved', 'denied', 'issued')",
      ],
    ]) {
      let last: Candidate = { conversation: '', item: '', since: 0 };
      for (;;) {
        const rows: Candidate[] = await sql.all<Candidate & Record<string, never>>(
          `SELECT conversation, item, ${column} AS since FROM case_file WHERE ${where} AND erased_at IS NULL
             AND (${column}, item, conversation) > (?, ?, ?) AND ${column} <= ?
           ORDER BY ${column}, item, conversation LIMIT ?`,
          last.since,
          last.item,
          last.conversation,
          now,
          page,
        );
        const due = rows.filter(({ item, since }) => isPastRetention(config, item, since, now));
        if (due.length > 0) yield due.map(({ conversation }) => conversation);
        if (rows.length < page) break;
        last = rows.at(-1)!;
      }
    }
  },
};
