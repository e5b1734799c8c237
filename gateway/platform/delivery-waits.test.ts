import { expect, it, vi } from 'vitest';
import { PlatformError } from '#adapters';
import { createLog } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { DELIVERY_TIMING, Delivery } from './delivery.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Ending, QueuedEvent } from './queued-event.ts';
import { FIRST } from './testing/test-gateway.ts';

it('forgets how long an event waited that nobody wants in between', async () => {
  let now = 1_000_000;
  // Each look at it is past the wait before.
  const clock = {
    now: () => {
      now += 1_000;
      return now;
    },
  };
  const event = { id: 'e', type: 't', source: 's', subject: FIRST, time: now, sequence: 1, data: {} };
  const queued: QueuedEvent = {
    ...{ position: 1, event, held: true, attempts: 0, failedSince: undefined, unopened: undefined },
    ...{ isWanted: true, waits: false },
  };
  const turns = [queued, { ...queued, isWanted: false }, queued];
  const endings: Ending[] = [];
  const waits: number[] = [];
  const queue = {
    turn: async () => ({ events: turns.splice(0, 1) }),
    settle: async (settled: readonly (readonly [QueuedEvent, Ending])[]) => {
      const [, ending] = settled[0]!;
      endings.push(ending);
      if (ending.to === 'postponed') waits.push(ending.dueAt - ending.failure.at);
    },
    leaveBehind: async () => 0,
    mayPark: true,
  } as unknown as DeliveryQueue;
  const sink = { deliver: () => Promise.reject(new PlatformError(true, 'is away')) };
  const log = createLog({ level: 'error', region: '150626', clock }, { write: () => true });
  const context = { clock, random: () => 0.5, log, metrics: createMetrics(), timing: DELIVERY_TIMING };
  const delivery = new Delivery('hall', sink, queue, context);
  delivery.start();
  await vi.waitFor(() => expect(endings.map(({ to }) => to)).toEqual(['postponed', 'nobody', 'postponed']));
  await delivery.stop();
  // The wait of the platform doubled, that of the event did not.
  expect(waits[1]! / waits[0]!).toBeCloseTo(1.5, 5);
});
