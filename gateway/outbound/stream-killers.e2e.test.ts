import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Pipeline } from '../inbound/pipeline.ts';
import { authorize, caseInput, NO_MATERIALS } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const HOUR_MS = 60 * 60 * 1000;
let ahead = 0;
let sender: LiveRegion;
let receiver: LiveRegion;

beforeAll(async () => {
  const clock = { now: () => Date.now() + ahead };
  const open = async (code: string) => openLiveRegion(await makeRegionFolder(code), clock);
  [sender, receiver] = [await open('320600'), await open('150626')];
  await pinEachOther(sender, receiver);
  await authorize(sender, receiver);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await Promise.all([sender.stop(), receiver.stop()]);
  await removeFolders(sender.folder, receiver.folder);
});

const submit = async () => (await sender.services.cases.submit(caseInput('150626', NO_MATERIALS))).conversation;
const stateOf = async (conversation: string) => {
  const row = await sender.core.store.read.get<{ state: string; troubled_at: number | null }>(
    'SELECT state, troubled_at FROM outbox WHERE conversation = ? ORDER BY sequence LIMIT 1',
    conversation,
  );
  return row!;
};

/** A fault in the receiver: a batch with an envelope of this conversation ends its stream. */
function fault(conversation: () => string) {
  const { receive } = Pipeline.prototype;
  return vi.spyOn(Pipeline.prototype, 'receive').mockImplementation(function (this: Pipeline, peer, batch) {
    const isPoisoned = batch.envelopes.some(({ header }) => header.includes(conversation()));
    return isPoisoned ? Promise.reject(new Error('the receiver cannot bear it')) : receive.call(this, peer, batch);
  });
}

it('an envelope that ends the stream each time holds up nobody else, raises an alarm, and becomes a dead letter', async () => {
  let poisoned = 'nobody yet';
  const spy = fault(() => poisoned);
  poisoned = await submit();
  const others = await Promise.all(Array.from({ length: 40 }, submit));

  await until(
    'everybody else was answered',
    async () => {
      const states = await Promise.all(others.map(stateOf));
      return states.every(({ state }) => state === 'accepted');
    },
    60_000,
  );
  await until('its trouble is written down', async () => (await stateOf(poisoned)).troubled_at !== null, 60_000);
  expect((await stateOf(poisoned)).state).toBe('pending');

  // Later ones are not held up either.
  const later = await Promise.all(Array.from({ length: 5 }, submit));
  await until('those that came later', async () => {
    const states = await Promise.all(later.map(stateOf));
    return states.every(({ state }) => state === 'accepted');
  });

  ahead += 1.5 * HOUR_MS;
  sender.wire.dispatcher.wake('150626');
  await until('it is a dead letter', async () => (await stateOf(poisoned)).state === 'dead', 60_000);
  const [letter] = await sender.services.deadLetters.list({ closed: false }, 10);
  expect(letter).toMatchObject({ subject: poisoned, reason: 'refused', code: 'PROTOCOL_VIOLATION' });

  // The receiver is repaired, and an operator puts it back.
  spy.mockRestore();
  await sender.services.deadLetters.retry(letter!.id, { by: 'operator', role: 'sysadmin', reason: '对方已修复' });
  await until('it was taken after all', async () => (await stateOf(poisoned)).state === 'accepted', 30_000);
});
