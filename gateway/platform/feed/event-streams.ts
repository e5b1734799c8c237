import { CodedError } from '#proto';
import type { EventFeed } from './event-feed.ts';
import { EventStream, STREAM_TIMING, type StreamTiming } from './event-stream.ts';

/** Streams of events that are open at once, and of them those of one caller. */
export const STREAMS = 200;
export const STREAMS_OF_ONE = 8;

/** Every open stream of events: how many there may be, and their end. */
export class EventStreams {
  readonly #feed: EventFeed;
  readonly #timing: StreamTiming;
  readonly #open = new Map<EventStream, string>();
  #isStopping = false;

  constructor(feed: EventFeed, timing: StreamTiming = STREAM_TIMING) {
    this.#feed = feed;
    this.#timing = timing;
    feed.listen(() => {
      for (const stream of this.#open.keys()) stream.wake();
    });
  }

  /**
   * Opens a stream of the events behind a position.
   *
   * @param caller whose it is
   * @throws CodedError EVENTS_GONE, BACK_PRESSURE where there are too many, SHUTTING_DOWN
   */
  async open(caller: string, after: number): Promise<EventStream> {
    await this.#feed.demandKept(after);
    if (this.#isStopping) throw new CodedError('SHUTTING_DOWN');
    const own = [...this.#open.values()].filter((one) => one === caller).length;
    if (own >= STREAMS_OF_ONE || this.#open.size >= STREAMS)
      throw new CodedError('BACK_PRESSURE', `at most ${STREAMS_OF_ONE} streams of one caller, ${STREAMS} in all`);
    const stream = new EventStream(this.#feed, after, () => this.#open.delete(stream), this.#timing);
    this.#open.set(stream, caller);
    return stream;
  }

  /** Ends every stream, and opens no more. */
  stop(): void {
    this.#isStopping = true;
    for (const stream of [...this.#open.keys()]) stream.end('stopping');
  }
}
