import { CodedError, LIMITS, type messages } from '#proto';
import type { SealedRoot } from '#trust';
import { type CheckStream, codedError } from '../outbound/peer-client.ts';
import { type WrittenCheck, withoutSeal } from './check-envelope.ts';

/** A question of a group, written and sent. */
export interface SentQuestion<Q> {
  readonly asked: Q;
  readonly written: WrittenCheck;
  /** Place among the leaves of the group. */
  readonly index: number;
}

/** A group of questions under way. */
export interface SentGroup<Q> {
  readonly root: SealedRoot;
  /** By the ids of their envelopes. */
  readonly questions: ReadonlyMap<string, SentQuestion<Q>>;
}

export interface CheckLineOptions<Q, R> {
  readonly open: () => CheckStream;
  readonly write: (asked: Q) => WrittenCheck;
  readonly seal: (leaves: readonly Buffer[]) => Promise<SealedRoot>;
  /**
   * Verifies and keeps the answers of a frame.
   *
   * @returns what became of each question that the frame is about, by its id
   */
  readonly settle: (
    group: SentGroup<Q>,
    frame: messages.CheckManyResponse,
  ) => Promise<ReadonlyMap<string, { readonly given: R } | { readonly fault: CodedError }>>;
}

interface Waiting<Q, R> {
  readonly asked: Q;
  readonly resolve: (given: R) => void;
  readonly reject: (error: unknown) => void;
}

interface Flight<Q, R> {
  readonly group: SentGroup<Q>;
  /** Those without an answer, by id. */
  readonly open: Map<string, Waiting<Q, R>>;
  readonly timer: NodeJS.Timeout;
}

/** Groups under way without an answer. */
const GROUPS_UNDER_WAY = 2;
/** Questions that may wait for a group. */
const MAX_WAITING = 4096;
/** Milliseconds that a peer may take for the answers of a group. */
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Many questions to one peer: what waits while two groups are under way becomes the next group, as with batches. The
 * stream is there while there is something to ask, and lost with everything under way when it breaks.
 */
export class CheckLine<Q, R> {
  readonly #options: CheckLineOptions<Q, R>;
  readonly #flights = new Map<number, Flight<Q, R>>();
  #waiting: Waiting<Q, R>[] = [];
  #stream: CheckStream | undefined;
  #groups = 0;
  #isPumping = false;

  constructor(options: CheckLineOptions<Q, R>) {
    this.#options = options;
  }

  /**
   * Asks one question with others.
   *
   * @throws CodedError BACK_PRESSURE when too many wait, PEER_UNREACHABLE, or what `settle` says
   */
  ask(asked: Q): Promise<R> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(new CodedError('BACK_PRESSURE', 'too many questions wait for this region'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ asked, resolve, reject });
      this.#pumpSoon();
    });
  }

  /** Questions that come together go together. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => void this.#pump());
  }

  async #pump(): Promise<void> {
    while (this.#waiting.length > 0 && this.#flights.size < GROUPS_UNDER_WAY) await this.#send();
    this.#isPumping = false;
    if (this.#waiting.length > 0 || this.#flights.size > 0) return;
    this.#stream?.end();
    this.#stream = undefined;
    this.#groups = 0;
  }

  /** Forms the next group and sends it; if that fails its questions fail. */
  async #send(): Promise<void> {
    const taken = this.#take();
    if (taken.size === 0) return;
    const members = [...taken.values()];
    const open = new Map([...taken].map(([id, { waiting }]) => [id, waiting]));
    try {
      const root = await this.#options.seal(members.map(({ sent }) => sent.written.leaf));
      const stream = this.#stream ?? this.#open();
      this.#groups += 1;
      const number = this.#groups;
      const group = { root, questions: new Map([...taken].map(([id, { sent }]) => [id, sent])) };
      const timer = setTimeout(() => stream.cancel(), ANSWER_TIMEOUT_MS);
      this.#flights.set(number, { group, open, timer });
      const questions = members.map(({ sent }) => withoutSeal(sent.written));
      stream.write({ number, signedRoot: Buffer.from(root.signedRoot), questions });
    } catch (error) {
      for (const waiting of open.values()) waiting.reject(error);
    }
  }

  /** Writes what waits, up to the bounds of a group. What cannot be written fails. */
  #take(): Map<string, { readonly sent: SentQuestion<Q>; readonly waiting: Waiting<Q, R> }> {
    const taken = new Map<string, { readonly sent: SentQuestion<Q>; readonly waiting: Waiting<Q, R> }>();
    let bytes = 0;
    let looked = 0;
    for (const waiting of this.#waiting) {
      if (taken.size === LIMITS.batchEnvelopes) break;
      try {
        const written = this.#options.write(waiting.asked);
        bytes += written.header.length + written.payload.length;
        if (taken.size > 0 && bytes > LIMITS.batchBytes) break;
        taken.set(written.id, { sent: { asked: waiting.asked, written, index: taken.size }, waiting });
      } catch (error) {
        waiting.reject(error);
      }
      looked += 1;
    }
    this.#waiting = this.#waiting.slice(looked);
    return taken;
  }

  #open(): CheckStream {
    const stream = this.#options.open();
    this.#stream = stream;
    // Who reads hears of an error too; but it may come once more when nobody reads.
    stream.on('error', () => {});
    void this.#listen(stream);
    return stream;
  }

  async #listen(stream: CheckStream): Promise<void> {
    try {
      for await (const frame of stream as AsyncIterable<messages.CheckManyResponse>) await this.#takeFrame(frame);
      this.#lose(stream, new CodedError('PEER_UNREACHABLE', 'the peer ended the stream without an answer'));
    } catch (error) {
      stream.cancel();
      this.#lose(stream, error instanceof CodedError ? error : codedError(error));
    }
  }

  async #takeFrame(frame: messages.CheckManyResponse): Promise<void> {
    const flight = this.#flights.get(frame.answers);
    if (!flight) throw new CodedError('PROTOCOL_VIOLATION', 'the peer answers a group that it was not sent');
    for (const [id, outcome] of await this.#options.settle(flight.group, frame)) {
      const waiting = flight.open.get(id);
      if (!waiting) throw new CodedError('PROTOCOL_VIOLATION', 'the peer answers a question twice');
      flight.open.delete(id);
      if ('given' in outcome) waiting.resolve(outcome.given);
      else waiting.reject(outcome.fault);
    }
    if (flight.open.size > 0) return;
    clearTimeout(flight.timer);
    this.#flights.delete(frame.answers);
    this.#pumpSoon();
  }

  /** The stream is gone: what is under way fails, what waits goes with the next one. */
  #lose(stream: CheckStream, error: unknown): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    for (const { open, timer } of this.#flights.values()) {
      clearTimeout(timer);
      for (const waiting of open.values()) waiting.reject(error);
    }
    this.#flights.clear();
    this.#groups = 0;
    this.#pumpSoon();
  }
}
