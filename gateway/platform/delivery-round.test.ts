import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PlatformError } from '#adapters';
import { deliverRound } from './delivery-round.ts';
import type { QueuedEvent } from './queued-event.ts';

/** An event named by its subject and its place there, such as `a1`. */
function event(name: string, changes: Partial<QueuedEvent> = {}): QueuedEvent {
  const about = { id: name, type: 't', source: 's', subject: name[0]!, time: 0, sequence: Number(name[1]), data: {} };
  const state = { held: false, attempts: 0, failedSince: undefined, unopened: undefined, isWanted: true, waits: false };
  return { position: 1, event: about, ...state, ...changes };
}

/** A platform whose answers the test gives. */
function platform() {
  const answers = new Map<string, (failure?: PlatformError) => void>();
  const asked: string[] = [];
  const deliver = ({ event: { id } }: QueuedEvent) =>
    new Promise<PlatformError | undefined>((resolve) => {
      asked.push(id);
      answers.set(id, resolve);
    });
  return { asked, deliver, answer: (id: string, failure?: PlatformError) => answers.get(id)!(failure) };
}

it('keeps the order of a subject, and takes several subjects at once', async () => {
  const { asked, deliver, answer } = platform();
  const round = deliverRound(
    ['a1', 'a2', 'b1', 'c1'].map((name) => event(name)),
    deliver,
    {
      atOnce: 2,
      goesOn: () => true,
    },
  );
  await setImmediate();
  expect(asked).toEqual(['a1', 'b1']);
  answer('b1');
  await setImmediate();
  expect(asked).toEqual(['a1', 'b1', 'c1']);
  for (const id of ['a1', 'c1']) answer(id);
  await setImmediate();
  answer('a2');
  expect(await round).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
});

it('leaves out what stands behind a failure, what waits, what does not open and what nobody wants', async () => {
  const failure = new PlatformError(true, 'not now');
  const asked: string[] = [];
  const events = [
    event('a1'),
    event('b1', { waits: true }),
    event('a2'),
    event('c1', { unopened: 'AT_REST_LOCKED' }),
    event('c2'),
    event('d1', { isWanted: false }),
  ];
  const tried = await deliverRound(
    events,
    async ({ event: { id } }) => {
      asked.push(id);
      return id === 'a1' ? failure : undefined;
    },
    { atOnce: 1, goesOn: () => true },
  );
  expect(asked).toEqual(['a1', 'c2']);
  expect(tried).toEqual([failure, 'passed', 'passed', 'passed', 'delivered', 'unwanted']);
});

it('begins nothing once it is to end', async () => {
  let goesOn = true;
  const tried = await deliverRound(
    [event('a1'), event('b1')],
    async () => {
      goesOn = false;
      return undefined;
    },
    { atOnce: 1, goesOn: () => goesOn },
  );
  expect(tried).toEqual(['delivered', 'untried']);
});
