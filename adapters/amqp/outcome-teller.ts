import type { Options } from 'amqplib';
import { type AdapterContext, PlatformError, type SubmissionOutcome } from '../adapter.ts';
import { toldOutcome } from '../outcomes.ts';
import type { IntakeConfig } from './amqp-config.ts';
import type { Publisher } from './publisher.ts';
import type { Delivery } from './read-delivery.ts';

/** Problems that headers name: they must fit into one frame. */
const MAX_PROBLEMS = 50;

/** Tells a platform what became of its messages, where it said that it wants to know. */
export class OutcomeTeller {
  readonly #publisher: Publisher;
  readonly #intake: IntakeConfig;
  readonly #platform: string;
  readonly #log: AdapterContext['log'];

  constructor(publisher: Publisher, intake: IntakeConfig, platform: string, log: AdapterContext['log']) {
    this.#publisher = publisher;
    this.#intake = intake;
    this.#platform = platform;
    this.#log = log;
  }

  /**
   * Resolves when everybody was told who is to be told.
   *
   * @throws PlatformError when it has to be told again
   */
  async tell(delivery: Delivery, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void> {
    await this.#reply(delivery, outcome, signal);
    if (!outcome.ok && !delivery.isTooLarge) await this.#copy(delivery, outcome, signal);
  }

  /** The key of the submission is the id, by which a repeated reply is known. */
  async #reply({ message, submission }: Delivery, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void> {
    const { reply } = this.#intake;
    const { replyTo, correlationId, messageId } = message.properties;
    const body = Buffer.from(JSON.stringify(toldOutcome(outcome)));
    const properties: Options.Publish = {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      ...(isText(correlationId ?? messageId) && { correlationId: correlationId ?? messageId }),
      appId: 'tongban',
    };
    if (reply?.to_sender && isText(replyTo)) {
      const to = { exchange: '', routingKey: replyTo };
      // Whoever asked has gone: nobody else waits for it.
      if (!(await this.#publisher.publish({ ...to, id: submission.key, body, properties }, signal)))
        this.#log.warn({ adapter: this.#platform, code: 'NO_QUEUE' }, 'the queue for a reply is gone');
    } else if (reply?.exchange != null) {
      const to = { exchange: reply.exchange, routingKey: reply.routing_key ?? '' };
      await this.#demandQueue({ ...to, id: submission.key, body, properties }, signal);
    }
  }

  /** The message as it came, and why it was refused. */
  async #copy(
    { message: { content, properties }, submission }: Delivery,
    outcome: SubmissionOutcome & { ok: false },
    signal: AbortSignal,
  ): Promise<void> {
    const { refused } = this.#intake;
    if (!refused) return;
    const { contentType, contentEncoding, correlationId, messageId, type } = properties;
    const given = { contentType, contentEncoding, correlationId, type };
    const texts = Object.fromEntries(Object.entries(given).filter(([, value]) => isText(value)));
    const headers = {
      'tongban-code': outcome.code,
      'tongban-problems': JSON.stringify(outcome.problems.slice(0, MAX_PROBLEMS)),
    };
    const to = { exchange: refused.exchange, routingKey: refused.routing_key ?? '' };
    const id = isText(messageId) ? messageId : submission.key;
    await this.#demandQueue({ ...to, id, body: content, properties: { ...texts, headers, appId: 'tongban' } }, signal);
  }

  async #demandQueue(message: Parameters<Publisher['publish']>[0], signal: AbortSignal): Promise<void> {
    if (await this.#publisher.publish(message, signal)) return;
    throw new PlatformError(true, 'no queue takes what is told: bind one to the exchange by this routing key');
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
