import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Core } from './core.ts';
import type { Services } from './services.ts';
import { startTending } from './tending.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('notices about certificates that are owed are looked for again and again', () => {
  const tend = vi.fn(async () => {});
  const others = { tend: async () => {}, wake: () => {} };
  // Whatever else is tended fails, which is logged, and concerns nobody.
  const core = { log: { info() {}, warn() {}, error() {} } } as unknown as Core;
  const services = { scans: others, examinations: others, erasures: others, joint: others, jointCases: others };
  const timer = startTending(core, { ...services, outgoingNotices: { tend } } as unknown as Services);
  expect(tend).not.toHaveBeenCalled();
  vi.advanceTimersByTime(20 * 60 * 1000);
  expect(tend).toHaveBeenCalledTimes(2);
  clearInterval(timer);
});
