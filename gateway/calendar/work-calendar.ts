import chineseDays from 'chinese-days';
import { type ChinaDay, dayText } from './china-day.ts';

/** Days on which a region deviates from the national arrangement, and those of years that the program does not know yet. */
export interface ExtraDays {
  readonly holidays: readonly ChinaDay[];
  /** Weekends and holidays on which it works (调休上班). */
  readonly workdays: readonly ChinaDay[];
}

/** Longest way that is looked for a working day: no arrangement closes offices for so long. */
const MAX_DAYS = 20_000;
/** Days that are remembered. */
const REMEMBERED = 4000;

/**
 * The working days of a region (工作日): weekends, the national holidays with their make-up workdays (调休), and what the
 * region has beside them.
 */
export class WorkCalendar {
  readonly #extra = new Map<ChinaDay, boolean>();
  readonly #known = new Map<ChinaDay, boolean>();

  constructor({ holidays, workdays }: ExtraDays = { holidays: [], workdays: [] }) {
    for (const day of workdays) this.#extra.set(day, true);
    for (const day of holidays) this.#extra.set(day, false);
  }

  /**
   * Whether the holidays of a year are known: from the national arrangement, or because the region wrote days of it down.
   * Where they are not, only weekends are days off, and what falls into that year may end some days early.
   */
  knows(year: number): boolean {
    return isNational(year) || [...this.#extra.keys()].some((day) => dayText(day).startsWith(`${year}-`));
  }

  isWorkingDay(day: ChinaDay): boolean {
    const known = this.#extra.get(day) ?? this.#known.get(day);
    if (known !== undefined) return known;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const isWorking = chineseDays.getDayDetail(dayText(day)).work;
    this.#known.set(day, isWorking);
    return isWorking;
  }

  /** The n-th working day after a day; the day itself is not counted. With 0 the day itself. */
  after(day: ChinaDay, count: number): ChinaDay {
    let found = day;
    for (let left = count; left > 0; ) {
      found += 1;
      if (found - day > MAX_DAYS) throw new RangeError(`no ${count} working days within ${MAX_DAYS} days`);
      if (this.isWorkingDay(found)) left -= 1;
    }
    return found;
  }

  /** Working days after one day, up to and including another. */
  between(after: ChinaDay, until: ChinaDay): number {
    if (until - after > MAX_DAYS) throw new RangeError(`more than ${MAX_DAYS} days`);
    let count = 0;
    for (let day = after + 1; day <= until; day += 1) if (this.isWorkingDay(day)) count += 1;
    return count;
  }
}

/** Whether the program has the national arrangement of a year. */
function isNational(year: number): boolean {
  // A holiday has names; a weekend that merely falls on that date has not.
  return chineseDays.getDayDetail(`${year}-10-01`).name.includes(',');
}
