import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clockOffset } from './clock-offset.ts';

it('is exact when both ways take equally long', () => {
  expect(clockOffset({ sent: 1000, received: 91_010, decided: 91_015, settled: 1025 })).toEqual({
    offsetMs: 90_000,
    withinMs: 10,
  });
});

it('never misses the true offset by more than it says, however unequal the ways are', () => {
  const span = fc.integer({ min: 0, max: 20_000 });
  const truth = fc.integer({ min: -10_000_000, max: 10_000_000 });
  fc.assert(
    fc.property(truth, span, span, span, (offset, there, deciding, back) => {
      const sent = 1_793_000_000_000;
      const received = sent + there + offset;
      const decided = received + deciding;
      const { offsetMs, withinMs } = clockOffset({ sent, received, decided, settled: decided - offset + back });
      // Rounding to whole milliseconds may add half of one.
      expect(Math.abs(offsetMs - offset)).toBeLessThanOrEqual(withinMs + 0.5);
    }),
  );
});
