import type { Channel, ConsumeMessage } from 'amqplib';
import { CodedError, ERROR_CODES } from '#proto';
import type { AdapterContext, Submission, SubmissionSource, Submit } from '../adapter.ts';
import { Pause } from '../database/pause.ts';
import { Lanes } from '../lanes.ts';
import { understand } from '../mapping/understand.ts';
import { backOff, outcomeOf, PAUSING } from '../outcomes.ts';
import type { IntakeConfig } from './amqp-config.ts';
import { type Broker, codeOf } from './broker.ts';
import type { OutcomeTeller } from './outcome-teller.ts';
import type { Delivery, DeliveryReader } from './read-delivery.ts';

/** Messages in hand at once. */
const DEFAULT_PREFETCH = 64;
const DEFAULT_RETRY_MS = 2_000;
const FIRST_BACKOFF_MS = 500;

export interface AmqpSourceParts {
  /** What the operator calls the platform. */
  readonly name: string;
  readonly broker: Broker;
  readonly reader: DeliveryReader;
  readonly teller: OutcomeTeller;
  readonly log: AdapterContext['log'];
}

/** One connection that reads: what it brought is acknowledged over it, or comes again over the next one. */
interface Reading {
  readonly channel: Channel;
  /** Aborted when the connection is lost or the source stops: nothing more is begun. */
  readonly signal: AbortSignal;
  readonly pause: Pause;
}

/**
 * Takes the messages of one queue: those of one case one after another, different cases side by side. A message is
 * acknowledged when it has its final outcome and the platform was told; until then it stays the broker's.
 */
export class AmqpSource implements SubmissionSource {
  readonly #intake: IntakeConfig;
  readonly #parts: AmqpSourceParts;
  readonly #lanes: Lanes;
  readonly #prefetch: number;
  readonly #retryMs: number;
  readonly #stopping = new AbortController();
  readonly #pause = new Pause(this.#stopping.signal);
  #pausedUntil: Promise<unknown> | undefined;
  #isLost = false;
  #running: Promise<void> = Promise.resolve();

  constructor(intake: IntakeConfig, parts: AmqpSourceParts) {
    this.#intake = intake;
    this.#parts = parts;
    this.#prefetch = intake.prefetch ?? DEFAULT_PREFETCH;
    this.#retryMs = intake.retry_ms ?? DEFAULT_RETRY_MS;
    this.#lanes = new Lanes(this.#prefetch);
  }

  /** A broker that is away is waited for. */
  async start(submit: Submit): Promise<void> {
    this.#running = this.#run(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  again(key: string, document: unknown): Promise<Submission> {
    const { mapping, openFile } = this.#parts.reader;
    return understand(key, document, mapping, openFile);
  }

  async #run(submit: Submit): Promise<void> {
    for (let tries = 0; !this.#stopping.signal.aborted; tries += 1) {
      try {
        await this.#readUntilLost(submit, () => {
          tries = 0;
          this.#isLost = false;
        });
      } catch (error) {
        this.#lost(error);
      }
      await this.#pause.wait(backOff(FIRST_BACKOFF_MS, tries));
    }
  }

  /** Resolves when the source stops. @throws when there is no connection, or no longer one */
  async #readUntilLost(submit: Submit, whenOpen: () => void): Promise<void> {
    const connection = await this.#parts.broker.connect(this.#stopping.signal);
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, lost.signal]);
    try {
      const channel = await connection.model.createChannel();
      channel.on('error', (error) => lost.abort(error));
      channel.on('close', () => lost.abort(new Error('the channel was closed')));
      const reading = { channel, signal, pause: new Pause(signal) };
      await channel.prefetch(this.#prefetch);
      await channel.consume(
        this.#intake.queue,
        this.#taking(reading, submit, (error) => lost.abort(error)),
      );
      whenOpen();
      await aborted(signal);
      await this.#lanes.idle();
      if (!this.#stopping.signal.aborted) throw lost.signal.reason;
    } finally {
      lost.abort();
      await connection.close();
    }
  }

  /** What comes is put into its lane in the order in which it came. */
  #taking(reading: Reading, submit: Submit, giveUp: (error: Error) => void): (message: ConsumeMessage | null) => void {
    let before = Promise.resolve();
    return (message) => {
      if (!message) {
        giveUp(gone());
        return;
      }
      before = before.then(async () => {
        if (reading.signal.aborted) return;
        const delivery = await this.#parts.reader.read(message);
        await this.#lanes.add(delivery.lane, () => this.#handle(reading, delivery, submit));
      });
      // Nothing is passed over in silence: it comes again over another connection.
      before.catch(giveUp);
    };
  }

  /** Tries until the message has its end, or will come again over another connection. */
  async #handle({ channel, signal, pause }: Reading, delivery: Delivery, submit: Submit): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      await this.#pausedUntil;
      if (signal.aborted) return;
      const code = await this.#attempt(delivery, submit);
      if (code === undefined) {
        release(channel, delivery);
        return;
      }
      if (signal.aborted) return;
      if (PAUSING.has(code)) this.#pauseAll();
      this.#parts.log.warn({ adapter: this.#parts.name, code }, 'a message has no end yet and will be tried again');
      await pause.wait(backOff(this.#retryMs, tries));
    }
  }

  /** @returns why it has to be tried again; undefined when the message has its end and the platform was told */
  async #attempt(delivery: Delivery, submit: Submit): Promise<string | undefined> {
    const { signal } = this.#stopping;
    try {
      const outcome = await outcomeOf(delivery.submission, submit, signal);
      if (!outcome.ok && ERROR_CODES[outcome.code].retryable) return outcome.code;
      await this.#parts.teller.tell(delivery, outcome, signal);
      return undefined;
    } catch (error) {
      return error instanceof CodedError ? error.code : 'INTERNAL';
    }
  }

  #pauseAll(): void {
    this.#pausedUntil ??= this.#pause.wait(this.#retryMs).then(() => {
      this.#pausedUntil = undefined;
    });
  }

  /** Says it once until it works again. */
  #lost(error: unknown): void {
    if (this.#isLost || this.#stopping.signal.aborted) return;
    this.#isLost = true;
    const fields = { adapter: this.#parts.name, code: codeOf(error) };
    this.#parts.log.warn(fields, 'the queue of the platform cannot be read; it is tried again');
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
