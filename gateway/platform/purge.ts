import type { Store } from '../store/store.ts';

/** Rows that one unit of work removes: others wait for the database meanwhile. */
const AT_ONCE = 1_000;

/**
 * Removes events that nobody needs any more: before every cursor, held for no platform, and old.
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
  while (goesOn()) {
    const count = await store.write((tx) =>
      tx.run(
        `DELETE FROM platform_event WHERE position IN (
           SELECT position FROM platform_event AS event WHERE position <= ? AND at < ? AND NOT EXISTS (
             SELECT 1 FROM platform_held AS held WHERE held.position = event.position)
           ORDER BY position LIMIT ${AT_ONCE})`,
        upTo,
        before,
      ),
    );
    removed += count;
    if (count < AT_ONCE) break;
  }
  return removed;
}
