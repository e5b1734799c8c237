import type { Clock } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { PlatformNews } from './event-types.ts';

export interface PlatformEventsOptions {
  readonly clock: Clock;
  /** UUIDv7 source. */
  readonly newId: () => string;
}

/** Where every room reports what the platforms of the own region want to know. */
export class PlatformEvents {
  readonly #options: PlatformEventsOptions;
  readonly #listeners: (() => void)[] = [];

  constructor(options: PlatformEventsOptions) {
    this.#options = options;
  }

  /**
   * Keeps an event for the platforms, inside the unit of work of what happened: it is delivered if and only if that
   * work is durable. Also where no platform is configured: platforms read events by the API, too.
   */
  async emit(tx: Transaction, news: PlatformNews): Promise<void> {
    const row = await tx.get<{ last: number }>(
      `INSERT INTO platform_sequence (subject, last) VALUES (?, 1)
       ON CONFLICT (subject) DO UPDATE SET last = platform_sequence.last + 1 RETURNING last`,
      news.subject,
    );
    const id = this.#options.newId();
    await tx.run(
      'INSERT INTO platform_event (id, type, subject, sequence, at, data) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      news.type,
      news.subject,
      row!.last,
      this.#options.clock.now(),
      tx.vault.sealText('platform_event.data', id, JSON.stringify(news.data)),
    );
    tx.afterCommit(() => this.#tell());
  }

  /** `listener` is called after every commit with events. It must not throw. */
  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
