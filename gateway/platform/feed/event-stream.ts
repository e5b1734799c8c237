import { Readable } from 'node:stream';
import { structuredEvent } from '#adapters';
import { CodedError } from '#proto';
import { Sleeper } from '../sleeper.ts';
import type { EventFeed, FedEvent } from './event-feed.ts';

/** Events read at once. */
const PAGE = 50;

/** Milliseconds. */
export interface StreamTiming {
  /** Without an event a comment is sent this often, so that both sides notice when the other is gone. */
  readonly heartbeatMs: number;
  /** A reader that takes nothing for this long is too slow. */
  readonly patienceMs: number;
  /** A stream ends then: its reader shows its token anew. */
  readonly lifeMs: number;
}

export const STREAM_TIMING: StreamTiming = { heartbeatMs: 15_000, patienceMs: 60_000, lifeMs: 60 * 60_000 };

/** Why a stream ended. */
export type StreamEnd = 'stopping' | 'slow' | 'renew' | 'gone' | 'failed';

const ENDS: Readonly<Record<StreamEnd, string>> = {
  stopping: 'the gateway stops; come again, another replica may serve you',
  slow: 'you read too slowly; come again with the last id',
  renew: 'come again with the last id and a token that is good',
  gone: 'events that you have not read are no longer kept; read the cases anew, then come without an id',
  failed: 'the events could not be read; come again with the last id',
};

/**
 * The events behind a position as Server-Sent Events, for as long as the reader likes. Holds one page in memory; whoever
 * reads slowly only makes itself wait. The last event is called `end` and says why.
 */
export class EventStream {
  readonly readable: Readable;
  readonly #feed: Pick<EventFeed, 'after'>;
  readonly #timing: StreamTiming;
  readonly #sleeper = new Sleeper();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #life: NodeJS.Timeout;
  #after: number;
  #isQuiet = true;
  #isOver = false;
  #goOn: (() => void) | undefined;

  /** @param onEnd called once, when the reader has gone or everything was read */
  constructor(feed: Pick<EventFeed, 'after'>, after: number, onEnd: () => void, timing: StreamTiming = STREAM_TIMING) {
    this.#feed = feed;
    this.#after = after;
    this.#timing = timing;
    this.readable = new Readable({ read: () => this.#goOn?.() });
    this.#heartbeat = setInterval(() => this.#beat(), timing.heartbeatMs);
    this.#life = setTimeout(() => this.end('renew'), timing.lifeMs);
    this.readable.once('close', () => {
      this.#stop();
      onEnd();
    });
    // The first line tells the reader at once that it is heard.
    this.readable.push(': tongban\n\n');
    void this.#run();
  }

  /** Whether it said its last word. */
  get hasEnded(): boolean {
    return this.#isOver;
  }

  /** There are new events. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Says why, and ends. Whoever does not even take that is cut off. */
  end(reason: StreamEnd): void {
    if (this.#isOver) return;
    this.#stop();
    const last = { reason, detail: ENDS[reason], after: this.#after };
    this.readable.push(`event: end\ndata: ${JSON.stringify(last)}\n\n`);
    this.readable.push(null);
    setTimeout(() => this.readable.destroy(), this.#timing.heartbeatMs).unref();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isOver) {
        const page = await this.#feed.after(this.#after, PAGE);
        for (const one of page) if (!this.#isOver) await this.#give(one);
        if (page.length === 0) await this.#sleeper.sleep(Number.POSITIVE_INFINITY);
      }
    } catch (error) {
      this.end(error instanceof CodedError && error.code === 'EVENTS_GONE' ? 'gone' : 'failed');
    }
  }

  async #give({ position, event }: FedEvent): Promise<void> {
    this.#isQuiet = false;
    const isWanted = this.readable.push(`id: ${position}\ndata: ${structuredEvent(event)}\n\n`);
    this.#after = position;
    if (!isWanted) await this.#wanted();
  }

  async #wanted(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(() => this.end('slow'), this.#timing.patienceMs);
    this.#goOn = resolve;
    await promise;
    this.#goOn = undefined;
    clearTimeout(late);
  }

  #beat(): void {
    if (this.#isQuiet && !this.#goOn) this.readable.push(': \n\n');
    this.#isQuiet = true;
  }

  #stop(): void {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#life);
    this.#goOn?.();
    this.#sleeper.wake();
  }
}
