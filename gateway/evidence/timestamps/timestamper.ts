import type { X509Certificate } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#proto';
import { type Clock, parseCheckpoint, readTimestampResponse, type Timestamp, timestampRequest } from '#trust';
import type { TimestampConfig } from '../../config/timestamp-config.ts';
import type { Store } from '../../store/store.ts';
import type { EvidenceLog } from '../evidence-log.ts';

export interface TimestamperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Pick<EvidenceLog, 'checkpoint'>;
  readonly settings: TimestampConfig;
  /** Certificates that timestamps must lead to. */
  readonly authorities: readonly X509Certificate[];
  /** Posts a request. @throws CodedError TIMESTAMP_UNAVAILABLE */
  readonly ask: (url: string, query: Uint8Array, stop: AbortSignal) => Promise<Buffer>;
  /** Eight random bytes. */
  readonly nonce: () => Buffer;
  /** Milliseconds before each request of one attempt. */
  readonly pausesMs?: readonly number[];
  /** The authority answers again, or for the first time. */
  readonly onAnswered: (at: number) => void;
  /** It does not, or gives no good timestamp. Told at each attempt. */
  readonly onFailed: (error: unknown, refusing: boolean) => void;
}

/** How it stands with the timestamps of our log. */
export interface TimestampStatus {
  readonly url: string;
  /** Milliseconds, by the clock of the authority; undefined before the first one. */
  readonly lastAt: number | undefined;
  /** Leaves under the last one. */
  readonly lastSize: number;
  /** Milliseconds; undefined while the authority answers. */
  readonly failingSince: number | undefined;
  /** Whether nothing new is accepted for want of timestamps. */
  readonly refusing: boolean;
}

/** Requests in one attempt, and the milliseconds before each, unless told. */
const PAUSES_MS = [0, 1000, 3000];
/** Milliseconds to the next attempt after a failed one, unless the interval is shorter. */
const RETRY_MS = 60_000;

/** Has the state of our log stamped by an authority (可信时间戳) while it grows; its failure is visible and may stop us. */
export class Timestamper {
  readonly #options: TimestamperOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  #last: { readonly at: number; readonly size: number; readonly note: string } | undefined;
  #failingSince: number | undefined;

  constructor(options: TimestamperOptions) {
    this.#options = options;
  }

  /** Takes up where the last run ended. */
  async start(): Promise<void> {
    const { read } = this.#options.store;
    this.#last = await read.get<{ at: number; size: number; note: string }>(
      'SELECT at, size, note FROM log_timestamp ORDER BY epoch DESC, size DESC LIMIT 1',
    );
    // A restart gives no new grace.
    this.#failingSince = (await read.get<{ since: number }>('SELECT since FROM timestamp_outage'))?.since;
    this.#schedule(0);
  }

  get status(): TimestampStatus {
    const { settings } = this.#options;
    return {
      url: settings.url,
      lastAt: this.#last?.at,
      lastSize: this.#last?.size ?? 0,
      failingSince: this.#failingSince,
      refusing: this.#refusing,
    };
  }

  /**
   * Demands that something new may be accepted.
   *
   * @throws CodedError TIMESTAMP_UNAVAILABLE when the authority has not answered for longer than the grace time and the
   *   policy is to refuse
   */
  demandStamped(): void {
    if (this.#refusing) throw new CodedError('TIMESTAMP_UNAVAILABLE');
  }

  /** Stamps the newest state now, unless it is stamped. Never throws. */
  stamp(): Promise<void> {
    this.#working = this.#working.then(() => this.#stampOnce());
    return this.#working;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#working;
  }

  get #refusing(): boolean {
    const { clock, settings } = this.#options;
    const since = this.#failingSince;
    return settings.policy === 'refuse' && since !== undefined && clock.now() - since > settings.graceMs;
  }

  #schedule(wait: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(async () => {
      await this.stamp();
      const { intervalMs } = this.#options.settings;
      this.#schedule(this.#failingSince === undefined ? intervalMs : Math.min(intervalMs, RETRY_MS));
    }, wait);
    this.#timer.unref();
  }

  async #stampOnce(): Promise<void> {
    const { checkpoint: note } = this.#options.log;
    // An authority that failed is asked again even if the log stands still: somebody waits for it.
    if (note === '' || (note === this.#last?.note && this.#failingSince === undefined)) return;
    try {
      await this.#keep(note, await this.#fetch(note));
    } catch (error) {
      if (!this.#stopped.signal.aborted) await this.#noteFailure(error);
    }
  }

  /** @throws CodedError TIMESTAMP_UNAVAILABLE, TIMESTAMP_INVALID */
  async #fetch(note: string): Promise<Timestamp> {
    const { settings, authorities, ask, nonce, pausesMs = PAUSES_MS } = this.#options;
    const { signal } = this.#stopped;
    let failure: unknown;
    for (const wait of pausesMs) {
      await pause(wait, undefined, { signal, ref: false });
      try {
        const fresh = nonce();
        const bytes = Buffer.from(note);
        const answer = await ask(settings.url, timestampRequest(bytes, fresh, settings.authorityPolicy), signal);
        return readTimestampResponse(answer, bytes, fresh, authorities, settings.authorityPolicy);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #keep(note: string, { at, authority, token }: Timestamp): Promise<void> {
    const { store, onAnswered } = this.#options;
    const { epoch, size } = parseCheckpoint(note);
    await store.write(async (tx) => {
      await tx.run(
        `INSERT INTO log_timestamp (epoch, size, note, token, authority, at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (epoch, size) DO NOTHING`,
        epoch,
        size,
        note,
        token,
        authority,
        at,
      );
      await tx.run('DELETE FROM timestamp_outage');
    });
    if (this.#last === undefined || this.#failingSince !== undefined) onAnswered(at);
    this.#last = { at, size, note };
    this.#failingSince = undefined;
  }

  async #noteFailure(error: unknown): Promise<void> {
    const { store, clock, onFailed } = this.#options;
    const since = clock.now();
    this.#failingSince ??= since;
    onFailed(error, this.#refusing);
    await store
      .write((tx) => tx.run('INSERT INTO timestamp_outage (id, since) VALUES (1, ?) ON CONFLICT DO NOTHING', since))
      .catch((failure: unknown) => onFailed(failure, this.#refusing));
  }
}
