import type { Sql, Transaction } from '../store/store.ts';

/** Which catalogue: one region publishes to another under a scope. */
export interface CatalogueKey {
  readonly publisher: string;
  readonly peer: string;
  /** 跨省通办, 全区通办, 呼包鄂乌互办, ... */
  readonly scope: string;
}

/** A catalogue (通办清单) that one region published to another. */
export interface CatalogueRecord extends CatalogueKey {
  /** Counts up with every publication to this peer. */
  readonly version: number;
  /** The last part that is there, and how many there are; it is whole when they are equal. */
  readonly part: number;
  readonly parts: number;
  readonly conversation: string;
  /** Milliseconds. */
  readonly updated_at: number;
}

/** The table of catalogues. */
export const catalogues = {
  find(sql: Sql, { publisher, peer, scope }: CatalogueKey): Promise<CatalogueRecord | undefined> {
    const text = 'SELECT * FROM catalogue WHERE publisher = ? AND peer = ? AND scope = ?';
    return sql.get<CatalogueRecord>(text, publisher, peer, scope);
  },

  /** Those of all scopes that one region published to another. */
  between(sql: Sql, publisher: string, peer: string): Promise<CatalogueRecord[]> {
    const text = 'SELECT * FROM catalogue WHERE publisher = ? AND peer = ? ORDER BY scope';
    return sql.all<CatalogueRecord>(text, publisher, peer);
  },

  all(sql: Sql): Promise<CatalogueRecord[]> {
    return sql.all<CatalogueRecord>('SELECT * FROM catalogue ORDER BY publisher, peer, scope');
  },

  async save(tx: Transaction, record: CatalogueRecord): Promise<void> {
    await tx.run(
      `INSERT INTO catalogue (publisher, peer, scope, version, part, parts, conversation, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (publisher, peer, scope) DO UPDATE SET version = excluded.version, part = excluded.part,
         parts = excluded.parts, conversation = excluded.conversation, updated_at = excluded.updated_at`,
      record.publisher,
      record.peer,
      record.scope,
      record.version,
      record.part,
      record.parts,
      record.conversation,
      record.updated_at,
    );
  },
};

/** The table of what each catalogue names. */
export const catalogueItems = {
  /** @param version the catalogue's */
  async put(
    tx: Transaction,
    { publisher, peer, scope }: CatalogueKey,
    version: number,
    code: string,
    digest: Buffer,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO catalogue_item (publisher, peer, scope, code, digest, version) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (publisher, peer, scope, code) DO UPDATE SET digest = excluded.digest, version = excluded.version`,
      publisher,
      peer,
      scope,
      code,
      digest,
      version,
    );
  },

  /** Codes that a version of a catalogue has named so far. */
  async namedIn(sql: Sql, { publisher, peer, scope }: CatalogueKey, version: number): Promise<Set<string>> {
    const text = 'SELECT code FROM catalogue_item WHERE publisher = ? AND peer = ? AND scope = ? AND version = ?';
    const rows = await sql.all<{ code: string }>(text, publisher, peer, scope, version);
    return new Set(rows.map(({ code }) => code));
  },

  /**
   * Drops what a newer version of a catalogue no longer names.
   *
   * @returns the codes that no other catalogue of the publisher names either
   */
  async dropBefore(tx: Transaction, { publisher, peer, scope }: CatalogueKey, version: number): Promise<string[]> {
    const where = 'WHERE publisher = ? AND peer = ? AND scope = ? AND version < ?';
    const gone = await tx.all<{ code: string }>(
      `SELECT code FROM catalogue_item ${where} AND NOT EXISTS (SELECT 1 FROM catalogue_item o WHERE
         o.publisher = catalogue_item.publisher AND o.code = catalogue_item.code AND o.scope <> catalogue_item.scope)`,
      publisher,
      peer,
      scope,
      version,
    );
    await tx.run(`DELETE FROM catalogue_item ${where}`, publisher, peer, scope, version);
    return gone.map(({ code }) => code);
  },

  /** Whether the peer was told this version of an item last. */
  async isTold(sql: Sql, publisher: string, peer: string, code: string, digest: Buffer): Promise<boolean> {
    const text =
      'SELECT 1 AS one FROM catalogue_item WHERE publisher = ? AND peer = ? AND code = ? AND digest = ? LIMIT 1';
    return (await sql.get(text, publisher, peer, code, digest)) !== undefined;
  },
};
