import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import { PlatformServer } from '../../adapters/testing/platform-server.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { EventFeed } from '../platform/feed/event-feed.ts';
import { PlatformEvents } from '../platform/platform-events.ts';
import { FIRST, testNews } from '../platform/testing/test-gateway.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { Webhooks } from './webhooks.ts';

const clock = { now: () => Date.now() };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let hall: PlatformServer;
let store: Store;
let events: PlatformEvents;
let webhooks: Webhooks;
/** Up to where events could have been removed, whenever the webhooks wrote something. */
let removable: number[];

beforeEach(async () => {
  folder = await temporaryFolder();
  hall = await new PlatformServer().listen();
  store = await openSqliteStore(join(folder.path, 'gateway.db'));
  events = new PlatformEvents({ clock, newId: randomUUID });
  removable = [];
  webhooks = open();
});
afterEach(async () => {
  await webhooks.stop();
  await hall.close();
  await store.close();
  await folder.remove();
});

function open(): Webhooks {
  const write: Store['write'] = async (work) => {
    removable.push(webhooks.doneUpTo);
    return store.write(work);
  };
  const watched = new Proxy(store, { get: (target, name) => (name === 'write' ? write : Reflect.get(target, name)) });
  return new Webhooks({
    ...{ store: watched, clock, newId: randomUUID, random: () => 0.5, region: '150626' },
    log: createLog({ level: 'error', region: '150626', clock }, { write: () => true }),
    metrics: createMetrics(),
    config: { targets: [`http://${hall.host}`], networks: ['127.0.0.0/8'] },
    feed: new EventFeed({ store, region: '150626', events }),
    letters: new LetterBook({ store, clock }),
  });
}

const subscribe = () => webhooks.create('hall', { url: `http://${hall.host}/hook`, types: [] });
const emit = () => store.write((tx) => events.emit(tx, testNews(FIRST, clock.now())));
const arrived = (count: number) => vi.waitFor(() => expect(hall.requests).toHaveLength(count), { timeout: 5_000 });

it('keeps the events that a webhook needs while it stands still for a change', async () => {
  const { id } = await subscribe();
  for (const _ of [1, 2, 3]) await emit();
  await arrived(3);
  await vi.waitFor(() => expect(webhooks.doneUpTo).toBe(3));
  removable.length = 0;
  await webhooks.replay(id, 'hall', 1);
  await webhooks.change(id, 'hall', { state: 'paused' });
  await webhooks.change(id, 'hall', { state: 'active' });
  expect(removable.length).toBeGreaterThan(3);
  expect(Math.max(...removable)).toBeLessThanOrEqual(3);
  expect(removable[0]).toBe(1);
  await arrived(5);
});

it('begins none that is made while everything stops; the next start does', async () => {
  const stopping = webhooks.stop();
  await subscribe();
  await stopping;
  expect(webhooks.doneUpTo).toBe(Number.MAX_SAFE_INTEGER);
  await emit();
  expect(hall.requests).toEqual([]);
  webhooks = open();
  await webhooks.start();
  await arrived(1);
});
