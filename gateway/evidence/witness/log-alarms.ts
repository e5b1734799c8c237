import type { Clock, LogCheckpoint } from '#trust';
import type { Sql, Store } from '../../store/store.ts';

/**
 * How two states of one log can contradict each other:
 * - `shortened`: fewer entries than before, or an epoch that had ended;
 * - `rewritten`: another root at the same size, or larger and not a continuation;
 * - `unproven`: asked again and again, its owner does not show that it continues what we hold;
 * - `split-view`: what another region was shown does not fit what we were shown;
 * - `restarted`: a new epoch whose owner does not say, under its log key, which state of ours it follows;
 * - `restored`: a new epoch that cites the state that we hold. No contradiction, but what came after `kept` is lost there: ask why.
 */
export type AlarmKind = 'shortened' | 'rewritten' | 'unproven' | 'split-view' | 'restarted' | 'restored';

/** Two signed states of one log that do not fit together. */
export interface LogAlarm {
  /** Whose log. */
  readonly region: string;
  readonly epoch: number;
  readonly kind: AlarmKind;
  /** Region that showed the second state. */
  readonly via: string;
  /** The state that we hold, as a signed note. */
  readonly held: string;
  readonly shown: string;
}

export interface StoredAlarm extends LogAlarm {
  /** Milliseconds. */
  readonly first_at: number;
  /** Milliseconds. */
  readonly last_at: number;
  readonly times: number;
}

/** Most alarms that are listed at once. */
const LISTED = 500;

/** Keeps contradictions as evidence: the first of each kind with both notes, for ever. */
export class LogAlarms {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #announce: (alarm: LogAlarm) => void;

  /** @param announce tells the operators, each time */
  constructor(store: Store, clock: Clock, announce: (alarm: LogAlarm) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#announce = announce;
  }

  async raise(of: Pick<LogCheckpoint, 'region' | 'epoch'>, alarm: Omit<LogAlarm, 'region' | 'epoch'>): Promise<void> {
    const { region, epoch } = of;
    const { kind, via, held, shown } = alarm;
    const now = this.#clock.now();
    await this.#store.write((tx) =>
      tx.run(
        `INSERT INTO log_alarm (region, epoch, kind, via, held, shown, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (region, epoch, kind, via) DO UPDATE SET last_at = excluded.last_at, times = log_alarm.times + 1`,
        region,
        epoch,
        kind,
        via,
        held,
        shown,
        now,
        now,
      ),
    );
    this.#announce({ region, epoch, kind, via, held, shown });
  }
}

/** What was noticed so far, newest first. */
export function storedAlarms(read: Sql): Promise<StoredAlarm[]> {
  return read.all<StoredAlarm>('SELECT * FROM log_alarm ORDER BY last_at DESC, region, kind, via LIMIT ?', LISTED);
}
