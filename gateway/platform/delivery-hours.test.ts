import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PlatformEvent } from '#adapters';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { DELIVERY_TIMING, Delivery } from './delivery.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { PlatformEvents } from './platform-events.ts';
import { eventId, FIRST, testNews } from './testing/test-gateway.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openSqliteStore(join(folder.path, 'gateway.db'));
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

it('a platform that is left alone at night gets in the morning what happened, and nothing counts as trouble', async () => {
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
  const morning = clock.now() + 10 * 3_600_000;
  const taken: PlatformEvent[] = [];
  const looks: number[] = [];
  const sink = {
    deliver: async (event: PlatformEvent) => void taken.push(event),
    opensAt: (now: number) => {
      looks.push(now);
      return Math.max(now, morning);
    },
  };
  const queue = new DeliveryQueue(store, 'sms', 'urn:x', false, new LetterBook({ store, clock }));
  await queue.open();
  const log = createLog({ level: 'silent', region: '150626', clock }, { write: () => {} });
  const delivery = new Delivery('sms', sink, queue, {
    ...{ clock, log, random: () => 0.5, metrics: createMetrics(), timing: DELIVERY_TIMING },
  });
  const events = new PlatformEvents({ clock, newId: () => eventId(1) });
  events.listen(() => delivery.wake());
  delivery.start();
  await store.write((tx) => events.emit(tx, testNews(FIRST, clock.now())));
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(1));
  expect(taken).toEqual([]);
  expect(await delivery.size()).toEqual({ behind: 1, parked: 0 });
  expect(delivery.lastCode).toBe('');

  clock.ahead = 11 * 3_600_000;
  delivery.wake();
  await vi.waitFor(() => expect(taken).toHaveLength(1));
  await delivery.stop();
});
