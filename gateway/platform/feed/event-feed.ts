import type { PlatformEvent } from '#adapters';
import { CodedError, regionUrn } from '#proto';
import type { Store } from '../../store/store.ts';
import { opened } from '../../store/vault/opened.ts';
import { dataFor } from '../certificate-news.ts';
import type { PlatformEvents } from '../platform-events.ts';

export interface EventFeedOptions {
  readonly store: Store;
  /** Our own region code. */
  readonly region: string;
  readonly events: Pick<PlatformEvents, 'listen'>;
}

/** An event and its place in the order of all. */
export interface FedEvent {
  readonly position: number;
  readonly event: PlatformEvent;
}

interface EventRow {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: number;
  readonly at: number;
  readonly data: string;
}

/**
 * The events of the region (事件流) for platforms that fetch them: each reader keeps its own position. Nobody learns here
 * whom a certificate is about, and of what does not open any more only that it happened.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** `listener` is called after every commit with events. It must not throw. */
  listen(listener: () => void): void {
    this.#options.events.listen(listener);
  }

  /**
   * Events behind a position, in order.
   *
   * @throws CodedError EVENTS_GONE where some of them are no longer kept, or the position is none of ours
   */
  async after(position: number, limit: number): Promise<FedEvent[]> {
    const { read } = this.#options.store;
    const rows = await read.all<EventRow>(
      `SELECT position, id, type, subject, sequence, at, data FROM platform_event WHERE position > ?
       ORDER BY position LIMIT ?`,
      position,
      limit,
    );
    // Looked at afterwards: what was removed meanwhile is missed too.
    await this.demandKept(position);
    return rows.map((row) => ({ position: row.position, event: this.#eventOf(row) }));
  }

  /** Whether everything behind a position can be read. @throws CodedError EVENTS_GONE */
  async demandKept(position: number): Promise<void> {
    const oldest = await this.oldest();
    if (position < oldest) {
      const detail = `events up to position ${oldest} may be gone: read the cases anew, then go on with after=${oldest}`;
      throw new CodedError('EVENTS_GONE', detail);
    }
    const newest = await this.newest();
    if (position > newest) {
      const detail = `the newest event has the position ${newest}; was the gateway restored? Read the cases anew, then go on with after=${newest}`;
      throw new CodedError('EVENTS_GONE', detail);
    }
  }

  /** Position behind which everything is still kept. */
  async oldest(): Promise<number> {
    const row = await this.#options.store.read.get<{ position: number }>('SELECT position FROM platform_event_gone');
    return row?.position ?? 0;
  }

  /** Position of the newest event, also when it is no longer kept. */
  async newest(): Promise<number> {
    const row = await this.#options.store.read.get<{ last: number | null }>(
      'SELECT max(position) AS last FROM platform_event',
    );
    return Math.max(row?.last ?? 0, await this.oldest());
  }

  #eventOf({ id, type, subject, sequence, at, data }: EventRow): PlatformEvent {
    const { store, region } = this.#options;
    const { value } = opened(() => store.read.vault.openText('platform_event.data', id, data));
    const shown = value === undefined ? {} : dataFor(type, JSON.parse(value), false);
    return { id, type, source: regionUrn(region), subject, time: at, sequence, data: shown };
  }
}
