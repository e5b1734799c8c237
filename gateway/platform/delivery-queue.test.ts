import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { Ending } from './queued-event.ts';
import { FIRST, openGateway, type TestGateway } from './testing/test-gateway.ts';

const NOW = 1_000_000;
const FAILURE = { code: 'PLATFORM_UNREACHABLE', message: 'away', at: NOW } as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let gateway: TestGateway;
let letters: LetterBook;
beforeEach(async () => {
  folder = await temporaryFolder();
  gateway = await openGateway(folder.path, [], { ahead: 0, ids: 0 });
  letters = new LetterBook({ store: gateway.store, clock: { now: () => NOW } });
});
afterEach(async () => {
  await gateway.close();
  await folder.remove();
});

it('lets go of a held event of a type that is no longer wanted', async () => {
  const before = await open();
  await gateway.emit(FIRST);
  await endTurn(before, { to: 'postponed', failure: FAILURE, dueAt: NOW });
  const after = await open(() => false);
  await endTurn(after, { to: 'nobody' });
  expect(await after.turn(NOW, false, 10)).toEqual({ events: [], dueAt: undefined });
});

it('takes parked events again when the platform has it all delivered once more', async () => {
  const first = await open();
  await gateway.emit(FIRST, FIRST);
  const parked = { to: 'parked', failure: FAILURE, reason: 'refused' } as const;
  await endTurn(first, parked, parked);
  await gateway.store.write((tx) => tx.run('UPDATE platform_cursor SET position = 0'));
  const again = await open();
  await endTurn(again, { to: 'postponed', failure: FAILURE, dueAt: NOW }, { to: 'lined' });
  await endTurn(again, parked);
  const { events } = await again.turn(NOW, false, 10);
  expect(events).toMatchObject([{ event: { sequence: 2 }, held: true, attempts: 0 }]);
  expect(await gateway.parked()).toMatchObject([{ sequence: 2 }, { sequence: 1 }]);
});

async function open(wants = () => true): Promise<DeliveryQueue> {
  const queue = new DeliveryQueue(gateway.store, 'hall', 'urn:s', false, letters, undefined, wants);
  await queue.open();
  return queue;
}

async function endTurn(queue: DeliveryQueue, ...endings: Ending[]): Promise<void> {
  const { events } = await queue.turn(NOW, false, endings.length);
  await queue.settle(endings.map((ending, n) => [events[n]!, ending] as const));
}
