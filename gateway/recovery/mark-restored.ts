import type { Store } from '../store/store.ts';
import { recoveryTable } from './recovery-table.ts';

/**
 * Says that a store was restored from a backup: the next start begins a new epoch of the log and asks the peers for what
 * is missing.
 *
 * @param now milliseconds
 */
export function markRestored(store: Store, now: number): Promise<void> {
  return store.write((tx) => recoveryTable.set(tx, 'marked', now));
}
