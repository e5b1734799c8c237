import type { VerifiedEnvelope } from '#trust';
import type { GroupPlace } from '../outbound/outbox.ts';
import type { Sql, Transaction } from '../store/store.ts';

/** An envelope id that was decided before. */
export interface KnownEnvelope {
  readonly leaf: Buffer;
  /** Body of the receipt that was given. */
  readonly receipt: Buffer;
  readonly position: number;
}

/** The verdict as it is stored beside the envelope. */
export interface StoredVerdict {
  readonly code: string;
  readonly receipt: Buffer;
  readonly logPosition: number;
  readonly receivedAt: number;
}

/** Every final verdict, and what sequence comes next in each conversation. */
export const inbox = {
  /** What became of an envelope id; undefined when it was never decided. */
  known(sql: Sql, sender: string, id: string): Promise<KnownEnvelope | undefined> {
    return sql.get<KnownEnvelope>('SELECT leaf, receipt, position FROM inbox WHERE sender = ? AND id = ?', sender, id);
  },

  /** Sequence that the next envelope of the conversation must have. */
  async expected(tx: Sql, sender: string, conversation: string): Promise<number> {
    const row = await tx.get<{ next_in: number }>(
      'SELECT next_in FROM conversation WHERE id = ? AND peer = ?',
      conversation,
      sender,
    );
    return row?.next_in ?? 1;
  },

  /** A final verdict consumes its number. */
  async consume(tx: Transaction, sender: string, conversation: string, sequence: number): Promise<void> {
    await tx.run(
      `INSERT INTO conversation (id, peer, next_in) VALUES (?, ?, ?)
       ON CONFLICT (id, peer) DO UPDATE SET next_in = excluded.next_in`,
      conversation,
      sender,
      sequence + 1,
    );
  },

  /** @returns the position of the stored verdict */
  async store(tx: Transaction, envelope: VerifiedEnvelope, place: GroupPlace, verdict: StoredVerdict): Promise<number> {
    const { header, headerBytes, payload, payloadSalt, leaf } = envelope;
    const row = await tx.get<{ position: number }>(
      `INSERT INTO inbox (sender, id, conversation, sequence, type, header, payload, salt, leaf, expires_at, received_at,
         code, group_id, group_index, receipt, log_position)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING position`,
      header.sender,
      header.id,
      header.conversation,
      header.sequence,
      header.type,
      headerBytes,
      payload,
      payloadSalt,
      leaf,
      header.expiresAt,
      verdict.receivedAt,
      verdict.code,
      place.group,
      place.index,
      verdict.receipt,
      verdict.logPosition,
    );
    return row!.position;
  },

  /** Remembers under which seal receipts were sent. */
  async sealed(tx: Transaction, positions: readonly number[], group: number): Promise<void> {
    for (const [index, position] of positions.entries()) {
      await tx.run(
        'UPDATE inbox SET receipt_group_id = ?, receipt_group_index = ? WHERE position = ? AND receipt_group_id IS NULL',
        group,
        index,
        position,
      );
    }
  },
};
