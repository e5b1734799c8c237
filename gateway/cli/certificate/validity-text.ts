import { chinaTime } from '../format.ts';

/** From when to when a certificate holds. Times in milliseconds. */
export function validityText({
  validFrom,
  validUntil,
}: {
  readonly validFrom: number;
  readonly validUntil?: number | undefined;
}): string {
  return `${chinaTime(validFrom)} — ${validUntil === undefined ? '长期 no end' : chinaTime(validUntil)}`;
}
