import { describe, expect, it } from 'vitest';
import { median, percentile } from './statistics.ts';

describe('percentile', () => {
  it('is the nearest rank, whatever the order of the samples', () => {
    const samples = [50, 15, 40, 20, 35];
    expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => percentile(samples, share))).toEqual([15, 20, 20, 35, 50]);
    expect(samples).toEqual([50, 15, 40, 20, 35]);
  });

  it('sorts numbers as numbers', () => {
    expect(percentile([100, 9, 20], 1)).toBe(100);
  });

  it('refuses to speak of nothing', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});

describe('median', () => {
  it('is the middle one, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 4])).toBe(3);
    expect(median([7])).toBe(7);
  });
});
