import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackOff } from './back-off.ts';

describe('the wait after a failure', () => {
  it('doubles up to its ceiling and begins anew after a success', () => {
    const backOff = new BackOff(100, 1000, () => 1);
    expect(Array.from({ length: 6 }, () => backOff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backOff.reset();
    expect(backOff.next()).toBe(100);
  });

  it('is between half and all of it, however often it fails', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const backOff = new BackOff(100, 60_000, () => random);
        for (let n = 0; n < failures; n += 1) backOff.next();
        const full = Math.min(60_000, 100 * 2 ** Math.min(failures, 30));
        const wait = backOff.next();
        expect(wait).toBeGreaterThanOrEqual(full / 2);
        expect(wait).toBeLessThanOrEqual(full);
      }),
      { numRuns: 50 },
    );
  });
});
