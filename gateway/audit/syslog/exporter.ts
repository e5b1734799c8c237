import type { Sql, Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AuditTrail } from '../audit-trail.ts';
import type { Collector } from './collector.ts';
import { syslogMessage } from './message.ts';

const COUNTER = 'audit/syslog';
/** Records of one delivery. */
const BATCH = 200;
/** Milliseconds that records wait for others; then the collector has them. */
const PAUSE_MS = 1_000;
/** Milliseconds between tries while the collector is away: doubled each time, up to the second. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface ExporterOptions {
  readonly store: Store;
  readonly log: Log;
  readonly region: string;
  readonly trail: Pick<AuditTrail, 'after' | 'onWritten'>;
  readonly collector: Collector;
  /** Milliseconds; {@link PAUSE_MS} unless told. */
  readonly pauseMs?: number;
}

/**
 * Brings records to a collector of logs, in their order and from where the last delivery ended: neither a restart nor a
 * collector that is away loses one. What may have arrived is sent again, under the same number.
 */
export class SyslogExporter {
  readonly #options: ExporterOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #retryMs = 0;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.trail.onWritten(() => this.#wake(this.#pause()));
    this.#wake(0);
  }

  /** Gives up the delivery under way; the next start makes it anew. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #pause(): number {
    return this.#retryMs || (this.#options.pauseMs ?? PAUSE_MS);
  }

  #wake(afterMs: number): void {
    if (this.#timer || this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#run());
    }, afterMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    // What is written from now on wakes us again.
    this.#timer = undefined;
    try {
      while (!this.#stopped.signal.aborted && (await this.#deliverSome()));
      if (this.#retryMs > 0) log.info({}, 'the collector of logs takes audit records again');
      this.#retryMs = 0;
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#retryMs = Math.min(this.#retryMs * 2 || FIRST_RETRY_MS, LAST_RETRY_MS);
      log.warn({ err: error, delay_ms: this.#retryMs }, 'audit records wait: the collector of logs does not take them');
      this.#wake(this.#retryMs);
    }
  }

  /** @returns whether there may be more */
  async #deliverSome(): Promise<boolean> {
    const { store, region, trail, collector } = this.#options;
    const rows = await trail.after({}, await exportedUpTo(store.read), BATCH);
    const last = rows.at(-1);
    if (!last) return false;
    const messages = rows.map(({ position, record }) => syslogMessage(region, position, record));
    await collector.deliver(messages, this.#stopped.signal);
    await store.write((tx) =>
      tx.run(
        'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        COUNTER,
        last.position,
      ),
    );
    return rows.length === BATCH;
  }
}

/** Position of the last record that the collector has. */
export async function exportedUpTo(read: Sql): Promise<number> {
  const row = await read.get<{ value: number }>('SELECT value FROM counter WHERE name = ?', COUNTER);
  return row?.value ?? 0;
}
