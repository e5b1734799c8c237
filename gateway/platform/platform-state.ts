import type { AdapterState } from '#adapters';
import type { Clock } from '#trust';
import type { Store } from '../store/store.ts';

/** More than this is no position but a copy. */
const MAX_CHARACTERS = 64 * 1024;

/**
 * What the adapter of a platform asks the gateway to keep for it, in the gateway's store.
 *
 * @param adapter name of the platform
 */
export function platformState(store: Store, clock: Clock, adapter: string): AdapterState {
  return {
    async read() {
      const row = await store.read.get<{ state: string }>(
        'SELECT state FROM platform_state WHERE adapter = ?',
        adapter,
      );
      return row?.state;
    },
    async write(text) {
      if (text.length > MAX_CHARACTERS) throw new RangeError('the state of an adapter is too long');
      await store.write((tx) =>
        tx.run(
          `INSERT INTO platform_state (adapter, state, updated_at) VALUES (?, ?, ?)
            ON CONFLICT (adapter) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at`,
          adapter,
          text,
          clock.now(),
        ),
      );
    },
  };
}
