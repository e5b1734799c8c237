import type { Channel, ConsumeMessage } from 'amqplib';
import type { AdapterContext, Submission, SubmissionSource, Submit, TakenOutcome } from '../adapter.ts';
import { RecordTaking } from '../records/record-taking.ts';
import { SteadyReading } from '../records/steady-reading.ts';
import type { IntakeConfig } from './amqp-config.ts';
import { type Broker, codeOf } from './broker.ts';
import type { OutcomeTeller } from './outcome-teller.ts';
import type { Delivery, DeliveryReader } from './read-delivery.ts';

/** Messages in hand at once. */
const DEFAULT_PREFETCH = 64;

export interface AmqpSourceParts {
  /** What the operator calls the platform. */
  readonly name: string;
  readonly broker: Broker;
  readonly reader: DeliveryReader;
  readonly teller: OutcomeTeller;
  readonly log: AdapterContext['log'];
}

/** One connection that reads: what it brought is acknowledged over it, or comes again over the next one. */
interface Connected {
  readonly channel: Channel;
  /** Aborted when the connection is lost or the source stops: nothing more is begun. */
  readonly signal: AbortSignal;
}

/**
 * Takes the messages of one queue: those of one case one after another, different cases side by side. A message is
 * acknowledged when it has its final outcome and the platform was told; until then it stays the broker's.
 */
export class AmqpSource implements SubmissionSource {
  readonly #queue: string;
  readonly #prefetch: number;
  readonly #parts: AmqpSourceParts;
  readonly #reading: SteadyReading;
  readonly #taking: RecordTaking;

  constructor({ queue, prefetch, retry_ms }: IntakeConfig, parts: AmqpSourceParts) {
    const { name: platform, log } = parts;
    this.#queue = queue;
    this.#prefetch = prefetch ?? DEFAULT_PREFETCH;
    this.#parts = parts;
    const lostText = 'the queue of the platform cannot be read; it is tried again';
    this.#reading = new SteadyReading({ platform, log, lostText, codeOf });
    const { stopping } = this.#reading;
    this.#taking = new RecordTaking({ platform, log, atOnce: this.#prefetch, retryMs: retry_ms, stopping });
  }

  /** A broker that is away is waited for. */
  async start(submit: Submit): Promise<void> {
    this.#reading.start((whenOpen) => this.#readUntilLost(submit, whenOpen));
  }

  stop(): Promise<void> {
    return this.#reading.stop();
  }

  again(key: string, document: unknown): Promise<Submission> {
    return this.#parts.reader.again(key, document);
  }

  told(key: string, _document: unknown, outcome: TakenOutcome): Promise<void> {
    return this.#parts.teller.tellLate(key, outcome, this.#reading.stopping);
  }

  /** Resolves when the source stops. @throws when there is no connection, or no longer one */
  async #readUntilLost(submit: Submit, whenOpen: () => void): Promise<void> {
    const { stopping } = this.#reading;
    const connection = await this.#parts.broker.connect(stopping);
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping, lost.signal]);
    try {
      const channel = await connection.model.createChannel();
      channel.on('error', (error) => lost.abort(error));
      channel.on('close', () => lost.abort(new Error('the channel was closed')));
      await channel.prefetch(this.#prefetch);
      await channel.consume(
        this.#queue,
        this.#receiving({ channel, signal }, submit, (error) => lost.abort(error)),
      );
      whenOpen();
      await aborted(signal);
      await this.#taking.idle();
      if (!stopping.aborted) throw lost.signal.reason;
    } finally {
      lost.abort();
      await connection.close();
    }
  }

  /** What comes is put into its lane in the order in which it came. */
  #receiving(
    { channel, signal }: Connected,
    submit: Submit,
    giveUp: (error: Error) => void,
  ): (message: ConsumeMessage | null) => void {
    let before = Promise.resolve();
    return (message) => {
      if (!message) {
        giveUp(gone());
        return;
      }
      before = before.then(async () => {
        if (signal.aborted) return;
        const delivery = await this.#parts.reader.read(message);
        await this.#taking.take(
          {
            submission: delivery.submission,
            lane: delivery.lane,
            signal,
            tell: (outcome, stopping) => this.#parts.teller.tell(delivery, outcome, stopping),
            end: () => release(channel, delivery),
          },
          submit,
        );
      });
      // Nothing is passed over in silence: it comes again over another connection.
      before.catch(giveUp);
    };
  }
}

/** What is too large for us is given back for good: the broker has it set aside where its queue says so. */
function release(channel: Channel, { message, isTooLarge }: Delivery): void {
  try {
    if (isTooLarge) channel.nack(message, false, false);
    else channel.ack(message);
  } catch {
    // The connection was lost: the message comes again, to no effect.
  }
}

function gone(): Error {
  return Object.assign(new Error('the queue was deleted'), { code: 'NO_QUEUE' });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
