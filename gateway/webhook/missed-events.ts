import type { LetterBook } from '../dead-letter/letter-book.ts';
import type { EventFeed } from '../platform/feed/event-feed.ts';
import type { Store } from '../store/store.ts';
import { queueName } from './subscription.ts';
import { subscriptionTable } from './subscription-table.ts';

export interface MissedEventsContext {
  readonly store: Store;
  readonly clock: { now(): number };
  readonly feed: EventFeed;
  readonly letters: LetterBook;
}

/** Who was away for longer than events are kept goes on with what there is, and a letter (死信) says what is missing. */
export async function leaveGone(id: string, { store, clock, feed, letters }: MissedEventsContext): Promise<void> {
  const [place, oldest] = [await subscriptionTable.placeOf(store.read, id), await feed.oldest()];
  if (place >= oldest) return;
  const name = queueName(id);
  await store.write(async (tx) => {
    await subscriptionTable.setPlace(tx, id, oldest);
    await letters.file(tx, {
      ...{ id: `${name}:${place + 1}-${oldest}`, queue: 'platform', name, place: place + 1, subject: '', type: '' },
      ...{ sequence: oldest - place, reason: 'overflow', code: 'EVENTS_GONE', since: clock.now() },
    });
  });
}
