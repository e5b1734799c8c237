import type { ErrorCode } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import { opened } from '../store/vault/opened.ts';

const NOTHING = Buffer.alloc(0);

/** A row of the outbox that still waits for its receipt. */
export interface PendingEnvelope {
  readonly position: number;
  readonly id: string;
  readonly conversation: string;
  readonly sequence: number;
  readonly type: string;
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly salt: Buffer;
  readonly leaf: Buffer;
  readonly materials: string;
  readonly expires_at: number;
  /** When it was accepted for sending: `sent_at` of its header. */
  readonly created_at: number;
  /** Since when the peer does not take it, in ms; null while all is well. */
  readonly troubled_at: number | null;
  /** Why payload and salt, which are empty then, do not open. */
  readonly unopened?: ErrorCode;
}

/** A row of the outbox, whatever became of it. The payload is null when it was erased, or does not open. */
export interface KeptEnvelope
  extends Pick<
    PendingEnvelope,
    'id' | 'conversation' | 'sequence' | 'type' | 'header' | 'materials' | 'expires_at' | 'created_at' | 'unopened'
  > {
  readonly state: string;
  readonly payload: Buffer | null;
}

/** What the outbox keeps of envelopes beside the queue: their troubles, and those that were given up. */
export const keptEnvelopes = {
  /** An envelope, whatever became of it. */
  async find(sql: Sql, position: number): Promise<KeptEnvelope | undefined> {
    const row = await sql.get<KeptEnvelope & Record<string, never>>(
      `SELECT id, conversation, sequence, type, state, header, payload, materials, expires_at, created_at FROM outbox
       WHERE position = ?`,
      position,
    );
    if (!row?.payload) return row;
    const { id, payload: stored } = row;
    const { value: payload, code } = opened(() => sql.vault.openBytes('outbox.payload', id, stored));
    return payload ? { ...row, payload } : { ...row, payload: null, unopened: code };
  },

  /** A row that waits, as it is sent. */
  pending({ vault }: Sql, row: PendingEnvelope): PendingEnvelope {
    const { value, code } = opened(() => ({
      payload: vault.openBytes('outbox.payload', row.id, row.payload),
      salt: vault.openBytes('outbox.salt', row.id, row.salt),
    }));
    return value ? { ...row, ...value } : { ...row, payload: NOTHING, salt: NOTHING, unopened: code };
  },

  /** Envelopes of a conversation that wait. */
  async waitingIn(sql: Sql, peer: string, conversation: string): Promise<number> {
    const row = await sql.get<{ n: number }>(
      "SELECT count(*) AS n FROM outbox WHERE conversation = ? AND peer = ? AND state = 'pending'",
      conversation,
      peer,
    );
    return row!.n;
  },

  /** Notes since when (ms) the peer does not take an envelope, if that is the next of its conversation. */
  async trouble(tx: Transaction, peer: string, envelope: PendingEnvelope, since: number): Promise<void> {
    if (!(await keptEnvelopes.isNext(tx, peer, envelope))) return;
    await tx.run(
      "UPDATE outbox SET troubled_at = ? WHERE position = ? AND state = 'pending' AND troubled_at IS NULL",
      since,
      envelope.position,
    );
  },

  /** What comes later in a conversation is deferred for what comes before it, and to blame for nothing. */
  async isNext(tx: Transaction, peer: string, { conversation, sequence }: PendingEnvelope): Promise<boolean> {
    const earlier = await tx.get(
      `SELECT 1 FROM outbox WHERE conversation = ? AND sequence < ? AND peer = ? AND state IN ('pending', 'dead')`,
      conversation,
      sequence,
      peer,
    );
    return earlier === undefined;
  },
};
