import { type ChinaDay, dayOf } from './china-day.ts';
import type { WorkCalendar } from './work-calendar.ts';
import { addWorkingTime, closingTime, type WorkingHours } from './working-hours.ts';

/** When the offices of a region work: its days, its hours, and the windows that keep other hours. */
export class Office {
  readonly calendar: WorkCalendar;
  readonly #hours: WorkingHours;
  readonly #windows: ReadonlyMap<string, WorkingHours>;

  constructor(calendar: WorkCalendar, hours: WorkingHours, windows: ReadonlyMap<string, WorkingHours> = new Map()) {
    this.calendar = calendar;
    this.#hours = hours;
    this.#windows = windows;
  }

  /**
   * When a limit in working days ends: at the closing time of the last one, counted from the day after.
   *
   * @param at milliseconds
   * @param days with 0 the day itself, or the next one that is worked
   */
  after(at: number, days: number): number {
    const day = dayOf(at);
    return this.#closing(days > 0 ? this.calendar.after(day, days) : this.calendar.after(day - 1, 1));
  }

  /** The closing time one working day before a moment. */
  before(at: number): number {
    let day = dayOf(at) - 1;
    while (!this.calendar.isWorkingDay(day)) day -= 1;
    return this.#closing(day);
  }

  /** When so many minutes have passed in the working hours of a window, or of the region where it has none of its own. */
  afterMinutes(at: number, minutes: number, window: string): number {
    return addWorkingTime(this.calendar, this.#windows.get(window) ?? this.#hours, at, minutes * 60_000);
  }

  /** Working days after the day of one moment, up to and including that of another. */
  between(from: number, until: number): number {
    return this.calendar.between(dayOf(from), dayOf(until));
  }

  #closing(day: ChinaDay): number {
    return closingTime(this.#hours, day);
  }
}
