import { CodedError, decode, encode } from '#proto';
import type { SealedRoot } from '#trust';
import { type GroupPlace, keepGroup } from '../outbound/outbox.ts';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { type Exchanged, groupOf, type VerifiedExchange } from './exchanged.ts';

/** What was fetched and waits to be put in its place. */
export interface Fetched {
  readonly exchanged: Exchanged;
  readonly seal: SealedRoot;
  readonly receiptSeal: SealedRoot;
  readonly sealedIn: GroupPlace;
  readonly receiptIn: GroupPlace;
}

interface FetchedRow {
  readonly id: string;
  readonly is_own: number;
  readonly bytes: Buffer;
  readonly group_id: number;
  readonly group_index: number;
  readonly receipt_group_id: number;
  readonly receipt_group_index: number;
}

/** A group that came, and its row once something that was kept needs it. */
export interface ArrivedGroup {
  readonly sealed: SealedRoot;
  row: number | undefined;
}

const NAMES = { own: 1, theirs: 0 } as const;

/** The waiting room between what peers give back and where it belongs: by our own clock it is put in order there. */
export const fetchedTable = {
  /** Keeps one, unless it is kept already. */
  async keep(
    tx: Transaction,
    peer: string,
    { isOwn, envelope, happenedAt }: VerifiedExchange,
    exchanged: Exchanged,
    [group, receiptGroup]: readonly [ArrivedGroup, ArrivedGroup],
  ): Promise<void> {
    const { id, sequence } = envelope.header;
    const own = isOwn ? NAMES.own : NAMES.theirs;
    const known = await tx.get(
      'SELECT 1 FROM recovery_fetched WHERE peer = ? AND id = ? AND is_own = ?',
      peer,
      id,
      own,
    );
    if (known) return;
    await tx.run(
      `INSERT INTO recovery_fetched (peer, id, is_own, happened_at, sequence, bytes, group_id, group_index,
         receipt_group_id, receipt_group_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      peer,
      id,
      own,
      happenedAt,
      sequence,
      tx.vault.sealBytes('recovery_fetched.bytes', rowOf(peer, id, own), encode('ExchangedEnvelope', exchanged)),
      await rowOfGroup(tx, group),
      exchanged.index,
      await rowOfGroup(tx, receiptGroup),
      exchanged.receiptIndex,
    );
  },

  /**
   * The earliest of a peer by our clock; what we decided before what we sent at the same moment.
   *
   * @throws CodedError TRY_LATER when it cannot be read: it is thrown away, and comes anew when the peer is asked again
   */
  async first(store: Store, peer: string): Promise<Fetched | undefined> {
    const sql = store.read;
    const row = await sql.get<FetchedRow & Record<string, never>>(
      `SELECT id, is_own, bytes, group_id, group_index, receipt_group_id, receipt_group_index FROM recovery_fetched
       WHERE peer = ? ORDER BY happened_at, is_own, sequence LIMIT 1`,
      peer,
    );
    if (!row) return undefined;
    try {
      return await readRow(sql, peer, row);
    } catch (cause) {
      await store.write((tx) => this.drop(tx, peer, row.id, row.is_own === NAMES.own));
      const message = 'an envelope that a peer gave back cannot be read any more; the peer is asked for it again';
      throw new CodedError('TRY_LATER', message, [], { cause });
    }
  },

  async drop(tx: Transaction, peer: string, id: string, isOwn: boolean): Promise<void> {
    const own = isOwn ? NAMES.own : NAMES.theirs;
    await tx.run('DELETE FROM recovery_fetched WHERE peer = ? AND id = ? AND is_own = ?', peer, id, own);
  },
};

async function readRow(sql: Sql, peer: string, row: FetchedRow): Promise<Fetched> {
  const bytes = sql.vault.openBytes('recovery_fetched.bytes', rowOf(peer, row.id, row.is_own), row.bytes);
  const sealedIn = { group: row.group_id, index: row.group_index };
  const receiptIn = { group: row.receipt_group_id, index: row.receipt_group_index };
  return {
    exchanged: decode('ExchangedEnvelope', bytes),
    seal: await groupAt(sql, sealedIn),
    receiptSeal: await groupAt(sql, receiptIn),
    sealedIn,
    receiptIn,
  };
}

/** A unit of work may be run again: the row counts only once it is committed. */
async function rowOfGroup(tx: Transaction, group: ArrivedGroup): Promise<number> {
  if (group.row !== undefined) return group.row;
  const row = await keepGroup(tx, group.sealed.signedRoot, group.sealed.leaves);
  tx.afterCommit(() => {
    group.row = row;
  });
  return row;
}

async function groupAt(sql: Sql, { group }: GroupPlace): Promise<SealedRoot> {
  const row = await sql.get<{ signed_root: string; leaves: Buffer }>(
    'SELECT signed_root, leaves FROM sealed_group WHERE id = ?',
    group,
  );
  return groupOf(row!.signed_root, row!.leaves);
}
