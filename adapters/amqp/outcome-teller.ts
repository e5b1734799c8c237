import { type AdapterContext, PlatformError, type SubmissionOutcome, type TakenOutcome } from '../adapter.ts';
import { replyId, toldOutcome } from '../outcomes.ts';
import type { IntakeConfig } from './amqp-config.ts';
import type { OutgoingMessage, Publisher } from './publisher.ts';
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

  /**
   * Tells that what was refused has been taken after all. The message is not known any more, nor whoever asked: it is told at
   * the exchange alone, and names the reply that refused it.
   *
   * @param key of the submission
   * @throws PlatformError when nobody was told
   */
  async tellLate(key: string, outcome: TakenOutcome, signal: AbortSignal): Promise<void> {
    const to = this.#exchange();
    if (to) await this.#demandQueue({ ...to, ...replyOf(outcome, key, replyId(key, false)) }, signal);
  }

  async #reply({ message, submission }: Delivery, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void> {
    const { replyTo, correlationId, messageId } = message.properties;
    const reply = replyOf(outcome, submission.key, correlationId ?? messageId);
    const to = this.#exchange();
    if (this.#intake.reply?.to_sender && isText(replyTo)) {
      // Whoever asked has gone: nobody else waits for it.
      if (!(await this.#publisher.publish({ exchange: '', routingKey: replyTo, ...reply }, signal)))
        this.#log.warn({ adapter: this.#platform, code: 'NO_QUEUE' }, 'the queue for a reply is gone');
    } else if (to) await this.#demandQueue({ ...to, ...reply }, signal);
  }

  /** Where replies go that nobody in particular asked for. */
  #exchange(): Pick<OutgoingMessage, 'exchange' | 'routingKey'> | undefined {
    const { exchange, routing_key } = this.#intake.reply ?? {};
    return exchange == null ? undefined : { exchange, routingKey: routing_key ?? '' };
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

  async #demandQueue(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    if (await this.#publisher.publish(message, signal)) return;
    throw new PlatformError(true, 'no queue takes what is told: bind one to the exchange by this routing key');
  }
}

/**
 * @param key of the submission
 * @param about id of what it answers, where that is a text
 */
function replyOf(
  outcome: SubmissionOutcome,
  key: string,
  about: unknown,
): Pick<OutgoingMessage, 'id' | 'body' | 'properties'> {
  const body = Buffer.from(JSON.stringify(toldOutcome(outcome)));
  const named = isText(about) && { correlationId: about };
  return {
    id: replyId(key, outcome.ok),
    body,
    properties: { contentType: 'application/json', contentEncoding: 'utf-8', ...named, appId: 'tongban' },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
