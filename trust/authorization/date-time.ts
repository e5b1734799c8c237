const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/**
 * Reads a date-time with seconds and an offset (RFC 3339, 5.6): `2026-12-01T00:00:00+08:00`.
 *
 * @returns milliseconds since 1970; undefined for anything else, days that do not exist included
 */
export function parseDateTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  // Date.parse silently moves 30 February to March.
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
