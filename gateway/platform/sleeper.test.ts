import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sleeper } from './sleeper.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function hasEnded(sleep: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([sleep, Promise.resolve().then(() => pending)])) !== pending;
}

it('sleeps its time, but never longer than a minute', async () => {
  const sleeper = new Sleeper();
  for (const [wish, real] of [
    [500, 500],
    [Number.POSITIVE_INFINITY, 60_000],
  ] as const) {
    const sleep = sleeper.sleep(wish);
    await vi.advanceTimersByTimeAsync(real - 1);
    expect(await hasEnded(sleep)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
  }
});

it('ends when it is called, once', async () => {
  const sleeper = new Sleeper();
  const first = sleeper.sleep(1_000);
  sleeper.wake();
  await first;
  expect(vi.getTimerCount()).toBe(0);
  const second = sleeper.sleep(1_000);
  await vi.advanceTimersByTimeAsync(999);
  expect(await hasEnded(second)).toBe(false);
});

it('does not miss a call before the sleep', async () => {
  const sleeper = new Sleeper();
  sleeper.wake();
  sleeper.wake();
  await sleeper.sleep(1_000);
  expect(vi.getTimerCount()).toBe(0);
  void sleeper.sleep(1_000);
  expect(vi.getTimerCount()).toBe(1);
});
