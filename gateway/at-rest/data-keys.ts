import { CodedError } from '#proto';
import type { Clock, StorageKey } from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { type DataKeyRow, makeDataKey, openDataKey, wrapped } from './data-key.ts';
import { dataKeyTable } from './data-key-table.ts';
import type { DataVault } from './data-vault.ts';

/** Milliseconds between two looks at the keys. */
export const LOOK_MS = 60_000;
/**
 * Values that one key seals before the next takes over: nonces are random, and 2^32 of them are the most for one key (NIST
 * SP 800-38D, 8.3). What a crash leaves uncounted is far less than the rest.
 */
const MOST_USES = 2 ** 31;

export interface DataKeysOptions {
  readonly store: Store;
  readonly vault: DataVault;
  readonly clock: Clock;
  /** The storage keys of the key folder as they are now, in the order of their making. */
  readonly storageKeys: () => Promise<readonly StorageKey[]>;
}

/**
 * The data keys (数据密钥) of a gateway: made once there is a storage key, wrapped anew at once when there is a newer one, and
 * followed by others before they are worn out.
 */
export class DataKeys {
  readonly #options: DataKeysOptions;

  constructor(options: DataKeysOptions) {
    this.#options = options;
  }

  /**
   * Gives the vault the keys that there are now, after changing in one unit of work what has to change.
   *
   * @returns number of the key under which, or under a later one, every value is to be sealed; undefined without any
   * @throws CodedError KEY_MISSING when a storage key is gone that is needed, PASSPHRASE_WRONG, AT_REST_BROKEN
   */
  async take(): Promise<DataKeyRow | undefined> {
    const { store, vault, storageKeys } = this.#options;
    const storage = await storageKeys();
    const newest = storage.at(-1);
    let rows = await dataKeyTable.all(store.read);
    // Says which one is missing.
    for (const row of rows) openDataKey(row, storage);
    if (!newest) return undefined;
    await this.#count();
    if (rows.length === 0 || rows.some((row) => row.wrapped_by !== newest.id || isWorn(row, rows)))
      rows = await store.write((tx) => this.#renew(tx, storage, newest));
    vault.load(
      rows.map((row) => openDataKey(row, storage)),
      storage,
    );
    return floorOf(rows);
  }

  async #renew(tx: Transaction, storage: readonly StorageKey[], newest: StorageKey): Promise<DataKeyRow[]> {
    const rows = await dataKeyTable.all(tx);
    const now = this.#options.clock.now();
    const next = Math.max(0, ...rows.map(({ id }) => id)) + 1;
    if (rows.length === 0) {
      const first = { is_floor: 1, created_at: now };
      await dataKeyTable.insert(tx, makeDataKey({ ...first, id: next, purpose: 'value' }, newest));
      await dataKeyTable.insert(tx, makeDataKey({ ...first, id: next + 1, purpose: 'hash' }, newest));
      return dataKeyTable.all(tx);
    }
    const moved = rows.filter(({ wrapped_by }) => wrapped_by !== newest.id);
    for (const row of moved) await dataKeyTable.rewrap(tx, row.id, wrapped(openDataKey(row, storage), newest));
    // Who may have read the old storage key has read what it wrapped: values go under a key that it never did.
    const isFloor = moved.length > 0 ? 1 : 0;
    if (isFloor === 1 || rows.some((row) => isWorn(row, rows))) {
      const made = { id: next, purpose: 'value', is_floor: isFloor, created_at: now } as const;
      await dataKeyTable.insert(tx, makeDataKey(made, newest));
    }
    return dataKeyTable.all(tx);
  }

  async #count(): Promise<void> {
    const uses = this.#options.vault.takeUses();
    if (uses.size === 0) return;
    await this.#options.store.write(async (tx) => {
      for (const [id, count] of uses) await dataKeyTable.count(tx, id, count);
    });
  }
}

/** The newest key below which nothing is to be left. */
function floorOf(rows: readonly DataKeyRow[]): DataKeyRow {
  const floor = rows.findLast(({ purpose, is_floor }) => purpose === 'value' && is_floor === 1);
  if (!floor)
    throw new CodedError('AT_REST_BROKEN', 'the data keys of the database are incomplete; restore it from a backup');
  return floor;
}

/** Whether a key needs a successor that is not there yet. */
function isWorn(row: DataKeyRow, rows: readonly DataKeyRow[]): boolean {
  return row.uses >= MOST_USES && !rows.some(({ purpose, id }) => purpose === 'value' && id > row.id);
}
