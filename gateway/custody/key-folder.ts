import { type Clock, type KeyStore, listStorageKeys, openFileKeyStore, openStorageKeys, type StorageKey } from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import { openSignatureServers } from './signature-servers.ts';

export interface KeyFolderOptions {
  readonly passphrase: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Environment of the process, in which libraries of tokens look for their settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The keys of a gateway, wherever they are kept. Must be closed. */
export interface KeyFolder {
  /** Reads the list of keys anew: commands change it while the gateway runs. Errors as in `openFileKeyStore`. */
  open(): Promise<KeyStore>;
  /**
   * The storage keys that are there now, in the order of their making.
   *
   * @throws CodedError PASSPHRASE_WRONG, KEY_MISSING for a file that is none
   */
  storageKeys(): Promise<readonly StorageKey[]>;
  close(): void;
}

/** Makes what reaches the keys of a gateway: its key folder, and the signature servers of its configuration. */
export function keyFolderOf({ keys }: GatewayConfig, options: KeyFolderOptions): KeyFolder {
  const { passphrase, environment } = options;
  const { servers, close } = openSignatureServers(keys.signers, options);
  return {
    open: () => openFileKeyStore(keys.directory, passphrase, { servers, environment }),
    storageKeys: storageKeysOf(keys.directory, passphrase),
    close,
  };
}

/** A passphrase takes its time: keys are opened only when others are there than before. */
function storageKeysOf(directory: string, passphrase: string): () => Promise<readonly StorageKey[]> {
  let opened: readonly StorageKey[] = [];
  return async () => {
    const listed = await listStorageKeys(directory);
    const isSame = listed.length === opened.length && listed.every(({ id }, index) => id === opened[index]!.id);
    if (!isSame) opened = await openStorageKeys(directory, passphrase);
    return opened;
  };
}
