import type { Sql, Transaction } from '../store/store.ts';

/**
 * How a store came to be older than what peers know:
 * - `marked`: it was restored, and no gateway has run on it since;
 * - `recovering`: peers are asked for what it lost, or were;
 * - `put-back`: nobody said so, but a peer showed a state of our own log that this store was never in.
 */
export type RecoveryState = 'marked' | 'recovering' | 'put-back';

/** What became of asking a peer: `skipped` is for one that an operator does not wait for. */
export type PeerState = 'waiting' | 'skipped' | 'done';

export interface StoreRecovery {
  readonly state: RecoveryState;
  /** Milliseconds. */
  readonly markedAt: number;
  /** Milliseconds, by our clock: the newest that the restored copy knows. Null before the first start on it. */
  readonly knownUntil: number | null;
}

/** What a peer gave back. */
export interface PeerRecovery {
  readonly region: string;
  readonly state: PeerState;
  /** Envelopes of ours, and of theirs, that came back. */
  readonly own: number;
  readonly theirs: number;
  /** Why the last attempt failed, or empty. */
  readonly code: string;
  readonly by: string;
  readonly why: string;
  /** Milliseconds. */
  readonly updatedAt: number;
}

/** Who decides something about a restore, and why. */
export interface RecoveryAct {
  readonly by: string;
  readonly reason: string;
}

const PEER_COLUMNS = 'region, state, own, theirs, code, done_by AS "by", why, updated_at AS "updatedAt"';

/** What the store knows about having been restored. */
export const recoveryTable = {
  async find(sql: Sql): Promise<StoreRecovery | undefined> {
    return sql.get<StoreRecovery & Record<string, never>>(
      'SELECT state, marked_at AS "markedAt", known_until AS "knownUntil" FROM store_recovery WHERE id = 1',
    );
  },

  /** Sets the state; what was known of an earlier restore gives way. */
  async set(tx: Transaction, state: RecoveryState, now: number, knownUntil: number | null = null): Promise<void> {
    await tx.run(
      `INSERT INTO store_recovery (id, state, marked_at, known_until) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, marked_at = excluded.marked_at,
         known_until = excluded.known_until`,
      state,
      now,
      knownUntil,
    );
  },

  peers(sql: Sql): Promise<PeerRecovery[]> {
    return sql.all<PeerRecovery & Record<string, never>>(`SELECT ${PEER_COLUMNS} FROM recovery_peer ORDER BY region`);
  },

  /** Every peer is to be asked from the beginning. */
  async askAll(tx: Transaction, regions: readonly string[], now: number): Promise<void> {
    await tx.run('DELETE FROM recovery_peer');
    await tx.run('DELETE FROM recovery_fetched');
    for (const region of regions)
      await tx.run("INSERT INTO recovery_peer (region, state, updated_at) VALUES (?, 'waiting', ?)", region, now);
  },

  /** @returns false when the peer is not in the state that it would leave */
  async skip(tx: Transaction, region: string, { by, reason }: RecoveryAct, now: number): Promise<boolean> {
    const changed = await tx.run(
      `UPDATE recovery_peer SET state = 'skipped', done_by = ?, why = ?, updated_at = ?
       WHERE region = ? AND state = 'waiting'`,
      by,
      reason,
      now,
      region,
    );
    return changed === 1;
  },

  async done(tx: Transaction, region: string, now: number): Promise<void> {
    await tx.run("UPDATE recovery_peer SET state = 'done', code = '', updated_at = ? WHERE region = ?", now, region);
  },

  async failed(tx: Transaction, region: string, code: string, now: number): Promise<void> {
    await tx.run('UPDATE recovery_peer SET code = ?, updated_at = ? WHERE region = ?', code, now, region);
  },

  async count(tx: Transaction, region: string, isOwn: boolean): Promise<void> {
    const [own, theirs] = isOwn ? [1, 0] : [0, 1];
    await tx.run('UPDATE recovery_peer SET own = own + ?, theirs = theirs + ? WHERE region = ?', own, theirs, region);
  },
};
