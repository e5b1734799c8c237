import type { messages } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import { itemDigest } from './item-digest.ts';

/** A version of an item (事项版本); the document is the JSON of the message `Item` as this or an earlier program wrote it. */
export interface VersionRow {
  readonly code: string;
  /** Counts the versions of this item that we know, from 1. */
  readonly n: number;
  readonly digest: Buffer;
  readonly document: string;
  /** Milliseconds. */
  readonly valid_since: number;
  /** Milliseconds; null while it holds. */
  readonly superseded_at: number | null;
}

/** What saving an item did. */
export type ItemChange = 'added' | 'changed' | 'unchanged';

const ROW = 'code, n, digest, document, valid_since, superseded_at';

/** The table of items: ours and those that peers published, with every version that was ever in force. */
export const itemVersions = {
  /** The version that holds now. */
  current(sql: Sql, region: string, code: string): Promise<VersionRow | undefined> {
    const text = `SELECT ${ROW} FROM item_version WHERE region = ? AND code = ? AND superseded_at IS NULL`;
    return sql.get<VersionRow>(text, region, code);
  },

  /** What holds now of all items of a region, in the order of their codes. */
  currentOf(sql: Sql, region: string): Promise<VersionRow[]> {
    const text = `SELECT ${ROW} FROM item_version WHERE region = ? AND superseded_at IS NULL ORDER BY code`;
    return sql.all<VersionRow>(text, region);
  },

  /** The newest version with a digest: what was changed and changed back has two. */
  byDigest(sql: Sql, region: string, code: string, digest: Buffer): Promise<VersionRow | undefined> {
    const text = `SELECT ${ROW} FROM item_version WHERE region = ? AND code = ? AND digest = ? ORDER BY n DESC LIMIT 1`;
    return sql.get<VersionRow>(text, region, code, digest);
  },

  /** Newest first, at most `limit`. */
  history(sql: Sql, region: string, code: string, limit: number): Promise<VersionRow[]> {
    const text = `SELECT ${ROW} FROM item_version WHERE region = ? AND code = ? ORDER BY n DESC LIMIT ?`;
    return sql.all<VersionRow>(text, region, code, limit);
  },

  /** What one catalogue names, in the order of the codes. */
  namedBy(sql: Sql, publisher: string, peer: string, scope: string): Promise<VersionRow[]> {
    return sql.all<VersionRow>(
      `SELECT v.code, v.n, v.digest, v.document, v.valid_since, v.superseded_at
       FROM catalogue_item c JOIN item_version v ON v.region = c.publisher AND v.code = c.code
       WHERE c.publisher = ? AND c.peer = ? AND c.scope = ? AND v.n =
         (SELECT max(w.n) FROM item_version w WHERE w.region = v.region AND w.code = v.code AND w.digest = c.digest)
       ORDER BY v.code`,
      publisher,
      peer,
      scope,
    );
  },

  /**
   * Makes this the version that holds; a version that is the same already stays.
   *
   * @param at milliseconds
   */
  async save(tx: Transaction, region: string, item: messages.Item, at: number): Promise<ItemChange> {
    const digest = itemDigest(item);
    const before = await this.current(tx, region, item.code);
    if (before?.digest.equals(digest)) return 'unchanged';
    await this.end(tx, region, item.code, at);
    await tx.run(
      `INSERT INTO item_version (region, code, n, digest, document, valid_since)
       VALUES (?, ?, (SELECT coalesce(max(n), 0) + 1 FROM item_version WHERE region = ? AND code = ?), ?, ?, ?)`,
      region,
      item.code,
      region,
      item.code,
      digest,
      JSON.stringify(item),
      at,
    );
    return before ? 'changed' : 'added';
  },

  /** The item is offered no longer; its versions stay. @param at milliseconds */
  async end(tx: Transaction, region: string, code: string, at: number): Promise<void> {
    await tx.run(
      'UPDATE item_version SET superseded_at = ? WHERE region = ? AND code = ? AND superseded_at IS NULL',
      at,
      region,
      code,
    );
  },
};
