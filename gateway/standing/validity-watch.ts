import type { Clock, KeyInfo, RegionStatement } from '#trust';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { DAY_MS, joinedWindow, URGENCIES, type Urgency, urgencyOf, type Validity, validitiesOf } from './validity.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 60 * 60 * 1000;

/** An end as it stands now. */
export interface ValidityStanding extends Validity {
  readonly urgency: Urgency;
  /** Whole days that are left; 0 on the last day and after the end. */
  readonly daysLeft: number;
}

export interface ValidityWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchValidity'>;
  /** Our newest statement. */
  readonly own: () => RegionStatement;
  /** Statements of the pinned regions. */
  readonly peers: () => readonly RegionStatement[];
  /** What is known of our keys. The statement does not say when the identity key ends. */
  readonly keys: () => Promise<readonly KeyInfo[]>;
}

/**
 * Watches when statements, keys and certificates end, ours and those of the peers (有效期看护), and warns in the log
 * when one comes within 30 days, 7 days, a day of its end, and at the end: once each, not at every look.
 */
export class ValidityWatch {
  readonly #options: ValidityWatchOptions;
  readonly #warned = new Map<string, Urgency>();
  #identity: readonly KeyInfo[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ValidityWatchOptions) {
    this.#options = options;
    const { metrics, clock } = options;
    metrics.watchValidity(() =>
      this.list().map(({ region, subject, notAfter }) => ({
        region,
        subject,
        left: Math.max(0, Math.floor((notAfter - clock.now()) / 1000)),
      })),
    );
  }

  /** Looks now and then every hour. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Everything that ends some day, the most urgent first. */
  list(): ValidityStanding[] {
    const { own, peers, clock } = this.#options;
    const now = clock.now();
    const statement = own();
    const validities = [statement, ...peers()].flatMap((of) => validitiesOf(of, now));
    const identity = joinedWindow(this.#identity, now);
    if (identity) validities.push({ region: statement.region, subject: 'identity', ...identity });
    return validities
      .map((validity) => ({
        ...validity,
        urgency: urgencyOf(validity.notAfter, now),
        daysLeft: Math.max(0, Math.floor((validity.notAfter - now) / DAY_MS)),
      }))
      .toSorted((a, b) => a.notAfter - b.notAfter);
  }

  /** Looks once and warns of what has become more urgent since the last look. */
  async look(): Promise<void> {
    try {
      this.#identity = (await this.#options.keys()).filter(({ purpose }) => purpose === 'identity').slice(-1);
    } catch (error) {
      this.#options.log.error(
        { err: error },
        'the list of our keys cannot be read; the age of the identity key is not watched',
      );
    }
    const standings = this.list();
    for (const standing of standings) {
      const key = `${standing.region} ${standing.subject}`;
      const before = this.#warned.get(key) ?? 'fine';
      this.#warned.set(key, standing.urgency);
      if (rank(standing.urgency) > rank(before)) this.#warn(standing);
    }
    this.#forgetAllBut(standings);
  }

  #warn({ region, subject, urgency, daysLeft }: ValidityStanding): void {
    const { log, own } = this.#options;
    const fields = { ...(region !== own().region && { peer: region }), subject, days_left: daysLeft };
    if (urgency === 'ended')
      log.error(fields, 'expired: what depends on it is refused; tongban doctor says what to do');
    else if (urgency === 'today') log.error(fields, 'expires within a day: renew it today; tongban doctor says how');
    else if (urgency === 'week') log.warn(fields, 'expires within a week: renew it; tongban doctor says how');
    else log.warn(fields, 'expires within thirty days: plan to renew it; tongban doctor says how');
  }

  /** A region that was removed and comes back is new. */
  #forgetAllBut(standings: readonly ValidityStanding[]): void {
    const present = new Set(standings.map(({ region, subject }) => `${region} ${subject}`));
    for (const key of this.#warned.keys()) if (!present.has(key)) this.#warned.delete(key);
  }
}

function rank(urgency: Urgency): number {
  return URGENCIES.indexOf(urgency);
}
