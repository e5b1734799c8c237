const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** `YYYY-MM-DD` in China. */
export function chinaDate(ms: number): string {
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 10);
}

/** The last day of validity (有效期截止) as certificates print it. @param validUntil the first moment after it */
export function lastDay(validUntil: number | undefined): string {
  return validUntil === undefined ? '长期' : chinaDate(validUntil - 1);
}
