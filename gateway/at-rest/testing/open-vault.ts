import { createHash } from 'node:crypto';
import type { StorageCipher, StorageKey } from '#trust';
import type { Store } from '../../store/store.ts';
import { AtRest } from '../at-rest.ts';
import type { DataVault } from '../data-vault.ts';
import type { Walked } from '../walk.ts';

/** A storage key as a folder of keys would have it: always the same for the same name. */
export function storageKey(name: string, cipher: StorageCipher = 'AES-256-GCM', created = 0): StorageKey {
  const bits = createHash('sha256').update(name).digest();
  return { id: bits.toString('hex', 0, 8), cipher, created, key: bits.subarray(0, cipher === 'SM4-GCM' ? 16 : 32) };
}

/** What a test says of a gateway that keeps its data encrypted. */
export interface TestAtRest {
  readonly keys: () => readonly StorageKey[];
  readonly isRequired?: boolean;
  readonly files?: readonly Walked[];
}

/** Encryption at rest over a store that was opened with the vault. Errors of its looks are thrown by `look`. */
export function atRestOf(store: Store, vault: DataVault, { keys, isRequired = false, files = [] }: TestAtRest): AtRest {
  return new AtRest({
    store,
    vault,
    clock: { now: () => 1_000_000 },
    storageKeys: async () => keys(),
    isRequired,
    files,
    onSealed: () => {},
    onError: (error) => {
      throw error;
    },
  });
}
