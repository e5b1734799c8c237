/**
 * The value below which a share of the samples lies (nearest rank); the median is the share 0.5.
 *
 * @param share above 0, at most 1
 * @throws RangeError without samples
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('there are no samples');
  return value;
}

/** Middle of the samples; of an even number of them the mean of the middle two. */
export function median(samples: readonly number[]): number {
  const upper = samples.map((sample) => -sample);
  return (percentile(samples, 0.5) - percentile(upper, 0.5)) / 2;
}
