import type { Sql, Transaction } from '../store/store.ts';
import type { RecoveryAct } from './recovery-table.ts';

/**
 * Why a conversation is not whole:
 * - `own-act`: we did something in it that is lost, and cannot be done again by what was said of it;
 * - `their-act`: what the peer said could not be applied again;
 * - `gap`: an envelope before this one did not come back;
 * - `unverified`: something of it came back that could not be verified;
 * - `number-twice`: something that was accepted here after the restore had a number that the peer knew already.
 */
export const HELD_REASONS = ['own-act', 'their-act', 'gap', 'unverified', 'number-twice'] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** A conversation in which nothing is sent or decided until somebody has looked. */
export interface HeldConversation {
  readonly conversation: string;
  readonly peer: string;
  readonly reason: HeldReason;
  /** Code with which it could not be applied, or empty. */
  readonly code: string;
  /** The first envelope that is missing or could not be applied, and its type. */
  readonly envelope: string;
  readonly type: string;
  /** Milliseconds. */
  readonly notedAt: number;
}

/** Conversations that a restore left incomplete. */
export const heldConversations = {
  /** Holds a conversation; the first reason stays. */
  async hold(tx: Transaction, held: HeldConversation): Promise<void> {
    await tx.run(
      `INSERT INTO recovery_conversation (conversation, peer, reason, code, envelope, type, noted_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, peer) DO UPDATE SET reason = excluded.reason, code = excluded.code,
         envelope = excluded.envelope, type = excluded.type, noted_at = excluded.noted_at, released_at = NULL
       WHERE recovery_conversation.released_at IS NOT NULL`,
      held.conversation,
      held.peer,
      held.reason,
      held.code,
      held.envelope,
      held.type,
      held.notedAt,
    );
  },

  async has(sql: Sql, conversation: string, peer: string): Promise<boolean> {
    const row = await sql.get(
      'SELECT 1 FROM recovery_conversation WHERE conversation = ? AND peer = ? AND released_at IS NULL',
      conversation,
      peer,
    );
    return row !== undefined;
  },

  /** Whether somebody released a conversation that was held for this envelope. */
  async wasReleased(sql: Sql, conversation: string, peer: string, envelope: string): Promise<boolean> {
    const row = await sql.get(
      `SELECT 1 FROM recovery_conversation
       WHERE conversation = ? AND peer = ? AND envelope = ? AND released_at IS NOT NULL`,
      conversation,
      peer,
      envelope,
    );
    return row !== undefined;
  },

  async count(sql: Sql): Promise<number> {
    const row = await sql.get<{ n: number }>(
      'SELECT count(*) AS n FROM recovery_conversation WHERE released_at IS NULL',
    );
    return row!.n;
  },

  /** Those that wait for somebody, oldest first. */
  list(sql: Sql, limit: number): Promise<HeldConversation[]> {
    return sql.all<HeldConversation & Record<string, never>>(
      `SELECT conversation, peer, reason, code, envelope, type, noted_at AS "notedAt" FROM recovery_conversation
       WHERE released_at IS NULL ORDER BY noted_at, conversation LIMIT ?`,
      limit,
    );
  },

  /** @returns how many conversations of that id were held: one with each peer */
  release(tx: Transaction, conversation: string, { by, reason }: RecoveryAct, now: number): Promise<number> {
    return tx.run(
      `UPDATE recovery_conversation SET released_at = ?, done_by = ?, why = ?
       WHERE conversation = ? AND released_at IS NULL`,
      now,
      by,
      reason,
      conversation,
    );
  },
};
