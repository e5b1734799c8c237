import { PlatformError } from '#adapters';
import type { QueuedEvent } from './queued-event.ts';

/**
 * What came of an event in a round: nobody wants one that is `unwanted`; `passed` was left out, since it does not open or
 * others of its subject stand before it; `untried` had no turn any more.
 */
export type Tried = 'delivered' | 'unwanted' | 'passed' | 'untried' | PlatformError;

interface RoundOptions {
  /** Subjects side by side. */
  readonly atOnce: number;
  /** Asked before each event. */
  readonly goesOn: () => boolean;
}

/**
 * Delivers events, those of one subject one after another and no more of it once one failed, several subjects side by side.
 *
 * @returns what came of each, in their order
 */
export async function deliverRound(
  events: readonly QueuedEvent[],
  deliver: (queued: QueuedEvent) => Promise<PlatformError | undefined>,
  { atOnce, goesOn }: RoundOptions,
): Promise<Tried[]> {
  const tried = events.map((): Tried => 'untried');
  const subjects = Map.groupBy(events.keys(), (index) => events[index]!.event.subject).values();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const places of subjects) await deliverSubject(places);
  });
  await Promise.all(workers);
  return tried;

  async function deliverSubject(places: readonly number[]): Promise<void> {
    let stands = false;
    for (const place of places) {
      const queued = events[place]!;
      if (!goesOn()) return;
      if (!queued.isWanted) tried[place] = 'unwanted';
      else if (stands || queued.waits || queued.unopened) tried[place] = 'passed';
      else tried[place] = (await deliver(queued)) ?? 'delivered';
      stands ||= tried[place] instanceof PlatformError;
    }
  }
}
