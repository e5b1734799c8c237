import type { Store } from '../store/store.ts';

/** Rows that one unit of work looks at: others wait for the database meanwhile. */
const AT_ONCE = 1_000;

/**
 * Removes events that nobody needs any more: before every cursor, held for no platform, and old. Walks the events from
 * the oldest on and ends at the first page with one that is not old.
 *
 * @param upTo position up to which every platform is done
 * @param before ms: events from before then are old
 * @param goesOn asked between two units of work
 * @returns how many were removed
 */
export async function purgeEvents(
  store: Store,
  upTo: number,
  before: number,
  goesOn: () => boolean = () => true,
): Promise<number> {
  let removed = 0;
  let after = 0;
  while (goesOn()) {
    const page = await store.read.all<{ position: number; at: number }>(
      `SELECT position, at FROM platform_event WHERE position > ? AND position <= ? ORDER BY position LIMIT ${AT_ONCE}`,
      after,
      upTo,
    );
    const last = page.findLast(({ at }) => at < before)?.position;
    if (last === undefined) break;
    removed += await removeBetween(store, after, last, before);
    after = last;
  }
  return removed;
}

function removeBetween(store: Store, after: number, last: number, before: number): Promise<number> {
  return store.write(async (tx) => {
    await tx.run(
      `INSERT INTO platform_event_gone (id, position) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET position = excluded.position
         WHERE platform_event_gone.position < excluded.position`,
      last,
    );
    return tx.run(
      `DELETE FROM platform_event WHERE position > ? AND position <= ? AND at < ?
         AND NOT EXISTS (SELECT 1 FROM platform_held AS held WHERE held.position = platform_event.position)`,
      after,
      last,
      before,
    );
  });
}
