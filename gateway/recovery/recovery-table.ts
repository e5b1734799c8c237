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
  /** Milliseconds, by our clock: the newest exchange that the restored copy knows. Null before the first start on it. */
  readonly knownUntil: number | null;
}

/** What a peer gave back. */
export interface PeerRecovery {
  readonly region: string;
  readonly state: PeerState;
  /** Envelopes of ours, and of theirs, that came back. */
  readonly own: number;
  readonly theirs: number;
  /** Milliseconds, by our clock: from when it is asked, less a margin. */
  readonly since: number;
  /** What came back in the last attempt and could not be verified. */
  readonly aside: number;
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

const PEER_COLUMNS = 'region, state, own, theirs, since, aside, code, done_by AS "by", why, updated_at AS "updatedAt"';

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

  /**
   * Every peer is to be asked, from the newest thing that was exchanged with it. One that has not given everything back
   * since an earlier restore is asked from then: what came first of that says nothing about the rest.
   *
   * @returns the newest thing that was exchanged with anybody, in ms; 0 when nothing was
   */
  async askAll(tx: Transaction, regions: readonly string[], now: number): Promise<number> {
    await tx.run('DELETE FROM recovery_fetched');
    for (const { region } of await recoveryTable.peers(tx))
      if (!regions.includes(region)) await tx.run('DELETE FROM recovery_peer WHERE region = ?', region);
    let newest = 0;
    for (const region of regions) {
      const since = await newestExchange(tx, region);
      newest = Math.max(newest, since);
      await tx.run(
        `INSERT INTO recovery_peer (region, state, since, updated_at) VALUES (?, 'waiting', ?, ?)
         ON CONFLICT (region) DO UPDATE SET state = 'waiting', own = 0, theirs = 0, aside = 0, code = '', done_by = '',
           why = '', updated_at = excluded.updated_at,
           since = CASE WHEN recovery_peer.state = 'done' OR excluded.since < recovery_peer.since THEN excluded.since
             ELSE recovery_peer.since END`,
        region,
        since,
        now,
      );
    }
    return newest;
  },

  /**
   * A peer knows more than it gave back, or was pinned after the backup: it is asked for everything.
   *
   * @returns false when it was asked for everything already
   */
  async askForAll(tx: Transaction, region: string, now: number): Promise<boolean> {
    const changed = await tx.run(
      `INSERT INTO recovery_peer (region, state, updated_at) VALUES (?, 'waiting', ?)
       ON CONFLICT (region) DO UPDATE SET state = 'waiting', since = 0, code = '', updated_at = excluded.updated_at
       WHERE recovery_peer.state = 'done' AND recovery_peer.since > 0`,
      region,
      now,
    );
    return changed === 1;
  },

  /** An attempt begins. @returns from when (ms) the peer is asked */
  async begin(tx: Transaction, region: string): Promise<number> {
    const row = await tx.get<{ since: number }>(
      'UPDATE recovery_peer SET aside = 0 WHERE region = ? RETURNING since',
      region,
    );
    return row?.since ?? 0;
  },

  /** Something came back that could not be verified. */
  async countAside(tx: Transaction, region: string): Promise<void> {
    await tx.run('UPDATE recovery_peer SET aside = aside + 1 WHERE region = ?', region);
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

/** Milliseconds, by our clock: when we decided about something of a peer or had its verdict for the last time, or 0. */
async function newestExchange(sql: Sql, region: string): Promise<number> {
  const row = await sql.get<{ at: number }>(
    `SELECT coalesce(max(at), 0) AS at FROM (
       SELECT max(received_at) AS at FROM inbox WHERE sender = ?
       UNION ALL SELECT max(settled_at) AS at FROM outbox WHERE peer = ? AND state IN ('accepted', 'rejected')
     ) AS newest`,
    region,
    region,
  );
  return row!.at;
}
