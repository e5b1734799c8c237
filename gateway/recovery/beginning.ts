import type { Clock } from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import { recoveryTable } from './recovery-table.ts';

/** By how much counters jump, so that no number that was given after the backup is given again. */
const COUNTER_JUMP = 100_000;

/**
 * What is done in the unit of work that begins a new epoch of the log on a restored store; undefined when the store was
 * not restored since the last start.
 *
 * @param peers the pinned regions, as the restored copy knows them
 */
export async function recoveryBeginning(
  store: Store,
  clock: Clock,
  peers: () => readonly string[],
): Promise<((tx: Transaction) => Promise<void>) | undefined> {
  if ((await recoveryTable.find(store.read))?.state !== 'marked') return undefined;
  return async (tx) => {
    const now = clock.now();
    const newest = await recoveryTable.askAll(tx, peers(), now);
    await recoveryTable.set(tx, 'recovering', now, newest);
    await leaveNumbersFree(tx, now);
  };
}

/** Case numbers and places in status lists that were given since the backup are on paper in somebody's hands. */
async function leaveNumbersFree(tx: Transaction, now: number): Promise<void> {
  await tx.run('UPDATE counter SET value = value + ?', COUNTER_JUMP);
  for (const day of daysAround(now))
    for (const name of [`case/${day}`, `inquiry/${day}`])
      await tx.run('INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', name, COUNTER_JUMP);
  // The next certificate opens a list of its own.
  await tx.run('UPDATE status_list SET allocated = 1000000000');
}

/** Today in China, and tomorrow: a gateway may have run on until midnight. */
function daysAround(now: number): string[] {
  return [0, 1].map((days) =>
    new Date(now + (8 + 24 * days) * 3_600_000).toISOString().slice(0, 10).replaceAll('-', ''),
  );
}
