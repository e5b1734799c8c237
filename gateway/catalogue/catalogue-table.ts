import type { messages } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import { itemDigest } from './item-digest.ts';

/** A catalogue (通办清单) that one region published to another. */
export interface CatalogueRecord {
  readonly publisher: string;
  readonly peer: string;
  /** Counts up with every publication to this peer. */
  readonly version: number;
  /** cross-province, province, city, ... */
  readonly scope: string;
  readonly conversation: string;
  /** Milliseconds. */
  readonly updated_at: number;
}

/** A row of the table of items; the document is the JSON of the message `Item` with all its fields. */
export interface ItemRow {
  readonly code: string;
  readonly digest: Buffer;
  readonly document: string;
}

/** The table of catalogues. */
export const catalogues = {
  find(sql: Sql, publisher: string, peer: string): Promise<CatalogueRecord | undefined> {
    return sql.get<CatalogueRecord>('SELECT * FROM catalogue WHERE publisher = ? AND peer = ?', publisher, peer);
  },

  all(sql: Sql): Promise<CatalogueRecord[]> {
    return sql.all<CatalogueRecord>('SELECT * FROM catalogue ORDER BY publisher, peer');
  },

  async save(tx: Transaction, record: CatalogueRecord): Promise<void> {
    await tx.run(
      `INSERT INTO catalogue (publisher, peer, version, scope, conversation, updated_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (publisher, peer) DO UPDATE SET version = excluded.version, scope = excluded.scope,
         conversation = excluded.conversation, updated_at = excluded.updated_at`,
      record.publisher,
      record.peer,
      record.version,
      record.scope,
      record.conversation,
      record.updated_at,
    );
  },
};

/** The table of items: ours, and those that peers published. */
export const items = {
  find(sql: Sql, region: string, code: string): Promise<ItemRow | undefined> {
    return sql.get<ItemRow>('SELECT code, digest, document FROM item WHERE region = ? AND code = ?', region, code);
  },

  /** All items of a region, in the order of their codes. */
  of(sql: Sql, region: string): Promise<ItemRow[]> {
    return sql.all<ItemRow>('SELECT code, digest, document FROM item WHERE region = ? ORDER BY code', region);
  },

  /** @param at milliseconds */
  async save(tx: Transaction, region: string, item: messages.Item, at: number): Promise<void> {
    await tx.run(
      `INSERT INTO item (region, code, digest, document, updated_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (region, code) DO UPDATE SET digest = excluded.digest, document = excluded.document,
         updated_at = excluded.updated_at`,
      region,
      item.code,
      itemDigest(item),
      JSON.stringify(item),
      at,
    );
  },

  async removeAll(tx: Transaction, region: string): Promise<void> {
    await tx.run('DELETE FROM item WHERE region = ?', region);
  },
};
