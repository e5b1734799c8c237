import type { ConfirmChannel, Options } from 'amqplib';
import { PlatformError } from '../adapter.ts';
import { brokenOff, orBrokenOff } from '../broken-off.ts';
import { timeForLarge } from '../time-for-large.ts';
import { type Broker, type BrokerConnection, codeOf } from './broker.ts';

/** A message that is to be kept by the broker. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  /** By which whoever reads it knows a repetition: at most 255 bytes. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly properties: Options.Publish;
}

/** A connection that was made to publish, until it ends or is given up. */
interface Line {
  readonly connection: BrokerConnection;
  readonly channel: ConfirmChannel;
  /** Ids of messages that no queue wanted; a return comes before the confirmation of its message. */
  readonly returned: Set<string>;
  /** Called when the broker stops taking messages. */
  readonly waiting: Set<(error: PlatformError) => void>;
  isBlocked: boolean;
}

/**
 * Publishes with confirmations, over one connection that is made when it is needed. Apart from the connection that reads:
 * a broker that is short of memory stops listening to whoever publishes.
 */
export class Publisher {
  readonly #broker: Broker;
  readonly #closing = new AbortController();
  #line: Promise<Line> | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /**
   * Resolves when the broker has the message in every queue that wants it, durably where the queue is durable.
   *
   * @returns false when no queue wants it
   * @throws PlatformError retryable, when nobody knows or the broker does not take it now
   */
  async publish(message: OutgoingMessage, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) throw brokenOff();
    return orBrokenOff(this.#publish(message), signal);
  }

  async #publish(message: OutgoingMessage): Promise<boolean> {
    const line = await this.#open();
    if (line.isBlocked) throw blocked();
    return new Promise<boolean>((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        line.waiting.delete(stop);
        settle();
      };
      const stop = (error: PlatformError) => end(() => reject(error));
      const timer = setTimeout(() => {
        this.#drop(line);
        stop(new PlatformError(true, 'the broker did not confirm the message in time'));
      }, this.#broker.timeoutMs + timeForLarge(message.body.length));
      line.waiting.add(stop);
      const { exchange, routingKey, id, body, properties } = message;
      const options = { ...properties, messageId: id, persistent: true, mandatory: true };
      try {
        line.channel.publish(exchange, routingKey, Buffer.from(body), options, (error) => {
          const isReturned = line.returned.delete(id);
          end(() => (error ? reject(notTaken(error)) : resolve(!isReturned)));
        });
      } catch (error) {
        stop(notTaken(error));
      }
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const line = await this.#line?.catch(() => undefined);
    await line?.connection.close();
  }

  /** Calls while a connection is made wait for the same one. */
  async #open(): Promise<Line> {
    if (this.#closing.signal.aborted) throw brokenOff();
    this.#line ??= this.#connect();
    const opening = this.#line;
    try {
      return await opening;
    } catch (error) {
      if (this.#line === opening) this.#line = undefined;
      throw notTaken(error);
    }
  }

  async #connect(): Promise<Line> {
    const connection = await this.#broker.connect(this.#closing.signal);
    try {
      const channel = await connection.model.createConfirmChannel();
      const line: Line = { connection, channel, returned: new Set(), waiting: new Set(), isBlocked: false };
      connection.model.on('blocked', () => {
        line.isBlocked = true;
        for (const stop of line.waiting) stop(blocked());
      });
      connection.model.on('unblocked', () => {
        line.isBlocked = false;
      });
      let code: string | undefined;
      channel.on('return', ({ properties }) => line.returned.add(String(properties.messageId)));
      // The broker closes the channel when there is no such exchange, or no right to it.
      channel.on('error', (error) => {
        code = codeOf(error);
        for (const stop of line.waiting) stop(notTaken(error));
      });
      channel.on('close', () => {
        this.#drop(line);
        const error = new PlatformError(true, `the connection to the broker was lost (${code ?? 'CONNECTION'})`);
        for (const stop of line.waiting) stop(error);
      });
      return line;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The next message makes a connection of its own. */
  #drop(line: Line): void {
    void this.#line?.then(
      (current) => {
        if (current === line) this.#line = undefined;
      },
      () => {},
    );
    void line.connection.close();
  }
}

function notTaken(cause: unknown): PlatformError {
  if (cause instanceof PlatformError) return cause;
  return new PlatformError(true, `the broker did not take the message (${codeOf(cause)})`, { cause });
}

function blocked(): PlatformError {
  return new PlatformError(true, 'the broker is short of memory or disk and takes no messages now');
}
