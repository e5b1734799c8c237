import { openStorageKeys } from '#trust';
import { unlock } from '../at-rest/data-key-table.ts';
import { DataVault } from '../at-rest/data-vault.ts';
import { type Environment, inSnapshot as inSnapshotOf } from '../store/open-store.ts';
import type { Reader } from '../store/store.ts';
import { configIn } from './gateway-folder.ts';

/**
 * Reads the database of a gateway as it is at one moment, whatever a running gateway adds meanwhile.
 *
 * @param passphrase of the keys; without it what is encrypted stays so
 * @throws CodedError NOT_FOUND when there is none, STORE_UNAVAILABLE, CONFIG_INVALID, PASSPHRASE_WRONG, KEY_MISSING
 */
export async function inSnapshot<T>(
  gateway: string,
  environment: Environment,
  work: (read: Reader) => Promise<T>,
  passphrase?: string,
): Promise<T> {
  const { store, keys } = await configIn(gateway);
  if (passphrase === undefined) return inSnapshotOf(store, environment, work);
  const vault = new DataVault();
  const storage = await openStorageKeys(keys.directory, passphrase);
  const unlocked = async (read: Reader) => {
    await unlock(vault, read, storage);
    return work(read);
  };
  return inSnapshotOf(store, environment, unlocked, vault);
}
