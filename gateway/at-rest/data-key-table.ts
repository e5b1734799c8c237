import type { StorageKey } from '#trust';
import type { Reader, Sql, Transaction } from '../store/store.ts';
import { type DataKeyRow, openDataKey } from './data-key.ts';
import type { DataVault } from './data-vault.ts';

/**
 * Gives a vault the keys of a database that is only read.
 *
 * @throws CodedError KEY_MISSING when a storage key is not among those given, AT_REST_BROKEN
 */
export async function unlock(vault: DataVault, read: Reader, storage: readonly StorageKey[]): Promise<void> {
  const rows = (await read.hasTable('data_key')) ? await dataKeyTable.all(read) : [];
  vault.load(
    rows.map((row) => openDataKey(row, storage)),
    storage,
  );
}

/** The wrapped data keys in the store. */
export const dataKeyTable = {
  /** In the order of their making. */
  all(sql: Sql): Promise<DataKeyRow[]> {
    return sql.all<DataKeyRow & Record<string, never>>(
      `SELECT id, purpose, cipher, wrapped_by, wrapped, uses, is_floor, created_at FROM data_key
       ORDER BY id`,
    );
  },

  async insert(tx: Transaction, row: DataKeyRow): Promise<void> {
    await tx.run(
      `INSERT INTO data_key (id, purpose, cipher, wrapped_by, wrapped, uses, is_floor, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[row.id, row.purpose, row.cipher, row.wrapped_by, row.wrapped, row.uses, row.is_floor, row.created_at],
    );
  },

  async rewrap(tx: Transaction, id: number, wrapped: Pick<DataKeyRow, 'wrapped' | 'wrapped_by'>): Promise<void> {
    await tx.run(
      'UPDATE data_key SET wrapped = ?, wrapped_by = ? WHERE id = ?',
      wrapped.wrapped,
      wrapped.wrapped_by,
      id,
    );
  },

  async count(tx: Transaction, id: number, uses: number): Promise<void> {
    await tx.run('UPDATE data_key SET uses = uses + ? WHERE id = ?', uses, id);
  },

  /** Whether there are keys of values below a number. */
  async hasBelow(sql: Sql, floor: number): Promise<boolean> {
    return (await sql.get("SELECT 1 FROM data_key WHERE purpose = 'value' AND id < ?", floor)) !== undefined;
  },

  /** Removes the keys of values below a number. @returns how many */
  dropBelow(tx: Transaction, floor: number): Promise<number> {
    return tx.run("DELETE FROM data_key WHERE purpose = 'value' AND id < ?", floor);
  },
};
