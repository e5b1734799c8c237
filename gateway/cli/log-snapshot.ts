import { type Environment, inSnapshot as inSnapshotOf } from '../store/open-store.ts';
import type { Reader } from '../store/store.ts';
import { configIn } from './gateway-folder.ts';

/**
 * Reads the database of a gateway as it is at one moment, whatever a running gateway adds meanwhile.
 *
 * @throws CodedError NOT_FOUND when there is none, STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function inSnapshot<T>(
  gateway: string,
  environment: Environment,
  work: (read: Reader) => Promise<T>,
): Promise<T> {
  const { store } = await configIn(gateway);
  return inSnapshotOf(store, environment, work);
}
