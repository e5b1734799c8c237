import type { Clock } from '#trust';
import type { Store } from '../store/store.ts';
import type { AgreementBooks } from './agreement-books.ts';
import { stateAt } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days before the end of an agreement at which operators and platforms are told, the most urgent first. */
const WARNINGS = [1, 7, 30] as const;

/** Agreements dealt with in one unit of work. */
const PAGE = 100;

export interface CalendarOptions {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Writes down what time does to agreements: the end of their validity, the beginning of their renewals, and warnings 30,
 * 7 and 1 days before an end that nothing follows. What is permitted never waits for it: every look at an agreement
 * reckons with the clock.
 *
 * @returns how many agreements changed or were warned of
 */
export async function keepCalendar({ store, clock }: CalendarOptions, books: AgreementBooks): Promise<number> {
  const now = clock.now();
  let told = 0;
  for (let more = true; more; ) {
    const ended = await store.write(async (tx) => {
      const due = await agreements.due(tx, now, PAGE);
      for (const record of due) await books.change(tx, record, { state: stateAt(record, now) }, now);
      return due.length;
    });
    told += ended;
    more = ended === PAGE;
  }
  for (const days of WARNINGS) {
    for (let more = true; more; ) {
      const warned = await store.write(async (tx) => {
        const ending = await agreements.ending(tx, now + days * DAY_MS, days, PAGE);
        for (const record of ending) await books.warn(tx, record, days, now);
        return ending.length;
      });
      told += warned;
      more = warned === PAGE;
    }
  }
  return told;
}
