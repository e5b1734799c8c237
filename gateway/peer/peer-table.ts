import { CodedError } from '#proto';
import type { RegionStatement } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

/** An operator said that a region has another identity key now. */
export interface IdentityChange {
  readonly region: string;
  /** RFC 7638 thumbprints. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /** Subject of the token. */
  readonly by: string;
  /** Milliseconds. */
  readonly at: number;
}

/** The tables of the pinned regions, of every statement that was believed, and of every change of an identity. */
export const peerTable = {
  /**
   * Keeps the pin of a region, or its newer statement.
   *
   * @param at milliseconds
   * @throws CodedError STATEMENT_STALE when a newer one, or another identity, is kept already
   */
  async keep(tx: Transaction, statement: RegionStatement, at: number): Promise<void> {
    const { region, identity, serial, jwt } = statement;
    const changed = await tx.run(
      `INSERT INTO peer (region, identity, serial, statement, pinned_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (region) DO UPDATE SET serial = excluded.serial, statement = excluded.statement
         WHERE peer.identity = excluded.identity
           AND (peer.serial < excluded.serial OR peer.statement = excluded.statement)`,
      region,
      identity,
      serial,
      jwt,
      at,
    );
    if (changed === 0) throw new CodedError('STATEMENT_STALE');
    await remember(tx, statement);
  },

  /**
   * Puts another identity of a region in the place of the pinned one.
   *
   * @throws CodedError CONFLICT when the region is not pinned with the identity that the change begins with
   */
  async replace(tx: Transaction, statement: RegionStatement, change: IdentityChange): Promise<void> {
    const { region, identity, serial, jwt } = statement;
    const changed = await tx.run(
      'UPDATE peer SET identity = ?, serial = ?, statement = ?, pinned_at = ? WHERE region = ? AND identity = ?',
      identity,
      serial,
      jwt,
      change.at,
      region,
      change.from,
    );
    if (changed === 0) throw new CodedError('CONFLICT', 'the region was pinned or removed meanwhile; look again');
    await remember(tx, statement);
    await tx.run(
      'INSERT INTO identity_change (region, old_identity, new_identity, reason, done_by, at) VALUES (?, ?, ?, ?, ?, ?)',
      region,
      change.from,
      change.to,
      change.reason,
      change.by,
      change.at,
    );
  },

  /** Every change of a region's identity key, the oldest first. */
  identityChanges(read: Sql, region: string): Promise<IdentityChange[]> {
    return read.all<IdentityChange & Record<string, never>>(
      `SELECT region, old_identity AS "from", new_identity AS "to", reason, done_by AS "by", at
       FROM identity_change WHERE region = ? ORDER BY position`,
      region,
    );
  },
};

/** Keeps a statement for good: old evidence needs the keys of its time. */
async function remember(tx: Transaction, { region, serial, jwt }: RegionStatement): Promise<void> {
  await tx.run(
    'INSERT INTO known_statement (region, serial, statement) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    region,
    serial,
    jwt,
  );
}
