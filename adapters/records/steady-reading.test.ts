import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testContext } from '../testing/context.ts';
import { SteadyReading } from './steady-reading.ts';

const TEXT = 'the queue cannot be read';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('begins anew after growing waits, and says once what is wrong until it works again', async () => {
  const { log, lines } = testContext();
  const codeOf = (error: unknown) => (error as Error).message;
  const reading = new SteadyReading({ platform: 'mq', log, lostText: TEXT, codeOf });
  const begun: number[] = [];
  const start = Date.now();
  reading.start(async (whenOpen) => {
    begun.push(Date.now() - start);
    if (begun.length === 3) whenOpen();
    throw new Error(`FAULT_${begun.length}`);
  });
  await vi.advanceTimersByTimeAsync(3_500);
  // After the third, which was open for a while, it waits as at first.
  expect(begun).toEqual([0, 500, 1_500, 2_000, 3_000]);
  expect(lines).toEqual([
    { level: 'warn', fields: { adapter: 'mq', code: 'FAULT_1' }, message: TEXT },
    { level: 'warn', fields: { adapter: 'mq', code: 'FAULT_3' }, message: TEXT },
  ]);
  await reading.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(begun).toHaveLength(5);
});

it('waits for what is read when it stops, and takes its end for no loss', async () => {
  const { log, lines } = testContext();
  const reading = new SteadyReading({ platform: 'mq', log, lostText: TEXT, codeOf: String });
  let isOver = false;
  reading.start(async (whenOpen) => {
    whenOpen();
    await new Promise((resolve) => reading.stopping.addEventListener('abort', resolve));
    isOver = true;
    throw new Error('the connection was closed');
  });
  await reading.stop();
  expect(isOver).toBe(true);
  expect(lines).toEqual([]);
});
