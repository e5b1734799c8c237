import type { Sql, Transaction } from '../store/store.ts';

/** One file of one case, as one peer staged it; our own uploads have the empty peer. */
export interface MaterialKey {
  readonly peer: string;
  readonly conversation: string;
  readonly digest: Buffer;
}

export interface MaterialRow {
  /** Bytes. */
  readonly size: number;
  readonly state: 'arriving' | 'staged' | 'held';
}

/** What the store knows of the files of cases. */
export const materialTable = {
  /** A peer sees only what it staged itself. */
  find(sql: Sql, { peer, conversation, digest }: MaterialKey): Promise<MaterialRow | undefined> {
    return sql.get<MaterialRow>(
      'SELECT size, state FROM material WHERE conversation = ? AND digest = ? AND peer = ?',
      conversation,
      digest,
      peer,
    );
  },

  /** A whole file of a case, whoever brought it. */
  findWhole(sql: Sql, conversation: string, digest: Buffer): Promise<MaterialRow | undefined> {
    return sql.get<MaterialRow>(
      "SELECT size, state FROM material WHERE conversation = ? AND digest = ? AND state <> 'arriving'",
      conversation,
      digest,
    );
  },

  /** Whole files of all cases, in order, each once. @param after the last one before */
  wholeAfter(
    sql: Sql,
    after: Pick<MaterialKey, 'conversation' | 'digest'> | undefined,
    limit: number,
  ): Promise<Pick<MaterialKey, 'conversation' | 'digest'>[]> {
    return sql.all(
      `SELECT DISTINCT conversation, digest FROM material
       WHERE (conversation, digest) > (?, ?) AND state <> 'arriving' ORDER BY conversation, digest LIMIT ?`,
      after?.conversation ?? '',
      after?.digest ?? Buffer.alloc(0),
      limit,
    );
  },

  /** Keeps how far a file is; what is held stays so. @param at milliseconds */
  async record(
    tx: Transaction,
    { peer, conversation, digest }: MaterialKey,
    { size, state }: MaterialRow,
    at: number,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO material (conversation, digest, peer, size, state, updated_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, digest, peer) DO UPDATE SET size = excluded.size, state = excluded.state, updated_at = excluded.updated_at
         WHERE material.state <> 'held'`,
      conversation,
      digest,
      peer,
      size,
      state,
      at,
    );
  },

  /** Counts a file from before its bytes come; saying it again does not make it younger. @param at milliseconds */
  async announce(
    tx: Transaction,
    { peer, conversation, digest }: MaterialKey,
    size: number,
    at: number,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO material (conversation, digest, peer, size, state, updated_at) VALUES (?, ?, ?, ?, 'arriving', ?)
       ON CONFLICT (conversation, digest, peer) DO UPDATE SET size = excluded.size, state = excluded.state
         WHERE material.state <> 'held'`,
      ...[conversation, digest, peer, size, at],
    );
  },

  /** Bytes that a peer has staged beside one file. */
  async stagedBeside(sql: Sql, { peer, conversation, digest }: MaterialKey): Promise<number> {
    const row = await sql.get<{ bytes: number | null }>(
      `SELECT sum(size) AS bytes FROM material
       WHERE peer = ? AND state <> 'held' AND NOT (conversation = ? AND digest = ?)`,
      peer,
      conversation,
      digest,
    );
    return row?.bytes ?? 0;
  },

  /** An accepted envelope names the file. @param at milliseconds */
  async hold(tx: Transaction, conversation: string, digest: Buffer, at: number): Promise<void> {
    await tx.run(
      "UPDATE material SET state = 'held', updated_at = ? WHERE conversation = ? AND digest = ?",
      at,
      conversation,
      digest,
    );
  },

  /** What did not arrive whole, or not as announced, is forgotten. */
  async dropArriving(tx: Transaction, { peer, conversation, digest }: MaterialKey): Promise<void> {
    await tx.run(
      "DELETE FROM material WHERE conversation = ? AND digest = ? AND peer = ? AND state = 'arriving'",
      conversation,
      digest,
      peer,
    );
  },

  async dropCase(tx: Transaction, conversation: string): Promise<void> {
    await tx.run('DELETE FROM material WHERE conversation = ?', conversation);
  },

  /** Files that no envelope named. @param before milliseconds: those not touched since */
  stagedBefore(sql: Sql, before: number, limit: number): Promise<MaterialKey[]> {
    return sql.all<MaterialKey>(
      "SELECT conversation, digest, peer FROM material WHERE state <> 'held' AND updated_at < ? LIMIT ?",
      before,
      limit,
    );
  },

  /**
   * Forgets a file that is still staged and was not touched since.
   *
   * @returns whether it was, and whether somebody else brought the same file
   */
  async dropStaged(
    tx: Transaction,
    { peer, conversation, digest }: MaterialKey,
    before: number,
  ): Promise<{ readonly isDropped: boolean; readonly isShared: boolean }> {
    const removed = await tx.run(
      `DELETE FROM material
       WHERE conversation = ? AND digest = ? AND peer = ? AND state <> 'held' AND updated_at < ?`,
      conversation,
      digest,
      peer,
      before,
    );
    const shared = await this.findWhole(tx, conversation, digest);
    return { isDropped: removed > 0, isShared: shared !== undefined };
  },
};
