import { SPECIAL_KINDS, type SpecialKind } from '../case-input.ts';
import type { CaseFacts } from './case-facts.ts';

export interface SpecialTally {
  readonly count: number;
  readonly daysStopped: number;
}

/** How the cases of one item between two regions went. */
export interface Tally {
  readonly role: string;
  readonly peer: string;
  readonly item: string;
  readonly mode: string;
  readonly cases: number;
  readonly decided: number;
  readonly delivered: number;
  /** Ended without a decision: refused, sent back, withdrawn. */
  readonly endedEarly: number;
  /** Of the decided ones, those within the promised limit; from 0 to 1, absent while none was decided. */
  readonly onTimeRate?: number;
  /** Working days from acceptance to the decision. */
  readonly medianDays?: number;
  readonly worstDays?: number;
  /** Cases of which any limit ran out. */
  readonly late: number;
  readonly supplements: number;
  /** P7a 特别程序, by kind: how many, and the working days for which the promised limit stood still. */
  readonly special: Readonly<Record<SpecialKind, SpecialTally>>;
  /** 违反一次性告知. */
  readonly repeatedNotices: number;
  readonly rated: number;
  readonly averageRating?: number;
  /** Ratings of one or two. */
  readonly badRatings: number;
  readonly badUnanswered: number;
  readonly complaints: number;
}

const ENDED_EARLY = new Set(['refused', 'sent-back', 'withdrawn']);
const BAD = 2;
const NONE: SpecialTally = { count: 0, daysStopped: 0 };

/** Adds up cases one by one; it keeps counts, and no case. */
export class TallySheet {
  readonly #groups = new Map<string, Group>();

  add(facts: CaseFacts): void {
    const { role, peer, item, mode } = facts;
    const key = JSON.stringify([role, peer, item, mode]);
    const group = this.#groups.get(key) ?? new Group({ role, peer, item, mode });
    this.#groups.set(key, group);
    group.add(facts);
  }

  /** By part, other region, item and mode. */
  tallies(): Tally[] {
    return [...this.#groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group.tally());
  }
}

class Group {
  readonly #of: Pick<Tally, 'role' | 'peer' | 'item' | 'mode'>;
  /** Cases by the working days that they took. */
  readonly #days = new Map<number, number>();
  readonly #special = new Map<string, SpecialTally>();
  #onTime = 0;
  #ratings = 0;
  readonly #counts = {
    cases: 0,
    decided: 0,
    delivered: 0,
    endedEarly: 0,
    late: 0,
    supplements: 0,
    repeatedNotices: 0,
    rated: 0,
    badRatings: 0,
    badUnanswered: 0,
    complaints: 0,
  };

  constructor(of: Pick<Tally, 'role' | 'peer' | 'item' | 'mode'>) {
    this.#of = of;
  }

  add(facts: CaseFacts): void {
    const counts = this.#counts;
    counts.cases += 1;
    counts.supplements += facts.supplements;
    counts.repeatedNotices += facts.repeatedNotices;
    counts.complaints += facts.complaints;
    for (const { kind, daysStopped } of facts.special) {
      const before = this.#special.get(kind) ?? NONE;
      this.#special.set(kind, { count: before.count + 1, daysStopped: before.daysStopped + daysStopped });
    }
    if (facts.late.length > 0) counts.late += 1;
    if (facts.deliveredAt !== undefined) counts.delivered += 1;
    if (ENDED_EARLY.has(facts.state)) counts.endedEarly += 1;
    if (facts.ratingUnanswered) counts.badUnanswered += 1;
    if (facts.rating !== undefined) {
      counts.rated += 1;
      this.#ratings += facts.rating;
      if (facts.rating <= BAD) counts.badRatings += 1;
    }
    if (facts.handlingDays === undefined) return;
    counts.decided += 1;
    if (!facts.late.includes('promised')) this.#onTime += 1;
    this.#days.set(facts.handlingDays, (this.#days.get(facts.handlingDays) ?? 0) + 1);
  }

  tally(): Tally {
    const { decided, rated } = this.#counts;
    return {
      ...this.#of,
      ...this.#counts,
      special: Object.fromEntries(
        SPECIAL_KINDS.map((kind) => [kind, this.#special.get(kind) ?? NONE]),
      ) as Tally['special'],
      ...(decided > 0 && {
        onTimeRate: rounded(this.#onTime / decided),
        medianDays: medianOf(this.#days, decided),
        worstDays: Math.max(...this.#days.keys()),
      }),
      ...(rated > 0 && { averageRating: rounded(this.#ratings / rated) }),
    };
  }
}

/** Of an even number the lower of the two in the middle, so that it is a number of days that occurred. */
function medianOf(days: ReadonlyMap<number, number>, count: number): number {
  let left = Math.ceil(count / 2);
  for (const [day, cases] of [...days].toSorted(([a], [b]) => a - b)) {
    left -= cases;
    if (left <= 0) return day;
  }
  return 0;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
