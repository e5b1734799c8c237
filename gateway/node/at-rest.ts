import type { Clock, StorageKey } from '#trust';
import { AtRest } from '../at-rest/at-rest.ts';
import type { DataVault } from '../at-rest/data-vault.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';

/** What encryption at rest is composed of. */
interface AtRestParts {
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly vault: DataVault;
  readonly clock: Clock;
  readonly materials: MaterialStore;
  readonly storageKeys: () => Promise<readonly StorageKey[]>;
  readonly log: Log;
}

/**
 * Opens the data keys, so that what is sealed can be read. It must be started and stopped by the caller.
 *
 * @throws CodedError KEY_MISSING, PASSPHRASE_WRONG, AT_REST_BROKEN, AT_REST_PLAIN; the store is closed then
 */
export async function openAtRest({ config, store, log, materials, ...parts }: AtRestParts): Promise<AtRest> {
  const atRest = new AtRest({
    ...parts,
    store,
    isRequired: config.atRest === 'required',
    files: [{ name: 'files', step: (place) => materials.seal(place) }],
    onSealed: (count) => log.info({ count }, 'rows and files of before were encrypted under the newest key'),
    onError: (error) =>
      log.error({ err: error }, 'what is kept could not be encrypted under the newest key; it is tried again'),
  });
  try {
    await atRest.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return atRest;
}
