import { createWebhook, type DeliverySink, PlatformError, type PlatformEvent, type Webhook } from '#adapters';
import type { Store } from '../store/store.ts';
import { type Attempt, attemptLog } from './attempt-log.ts';
import { type Secrets, signingSecrets } from './secrets.ts';
import type { Subscription } from './subscription.ts';

export interface CourierOptions {
  readonly store: Store;
  readonly clock: { now(): number };
  /** Internal networks into which names may lead. */
  readonly networks: readonly string[];
}

/** Brings events to the URL of one subscription, and writes every attempt down. */
export class Courier {
  readonly sink: DeliverySink = { deliver: (event, signal) => this.#deliver(event, signal) };
  readonly #options: CourierOptions;
  readonly #id: string;
  readonly #webhook: Webhook;
  #status = 0;

  constructor({ id, url }: Subscription, secrets: Secrets, options: CourierOptions) {
    const { clock, networks } = options;
    this.#options = options;
    this.#id = id;
    this.#webhook = createWebhook({
      url,
      networks,
      secrets: () => signingSecrets(secrets, clock.now()),
      now: () => clock.now(),
      onAnswer: (status) => {
        this.#status = status;
      },
    });
  }

  close(): void {
    this.#webhook.close();
  }

  /** One attempt outside the queue. @returns how it went */
  async try(event: PlatformEvent): Promise<Omit<Attempt, 'n'>> {
    const { clock } = this.#options;
    const at = clock.now();
    const begun = performance.now();
    const code = await this.#send(event, new AbortController().signal);
    return this.#keep({ at, event: event.id, type: event.type, ...this.#outcome(begun, code?.code ?? '') });
  }

  async #deliver(event: PlatformEvent, signal: AbortSignal): Promise<void> {
    const at = this.#options.clock.now();
    const begun = performance.now();
    const failure = await this.#send(event, signal);
    await this.#keep({ at, event: event.id, type: event.type, ...this.#outcome(begun, failure?.code ?? '') });
    if (failure) throw failure;
  }

  async #send(event: PlatformEvent, signal: AbortSignal): Promise<PlatformError | undefined> {
    this.#status = 0;
    try {
      await this.#webhook.sink.deliver(event, signal);
      return undefined;
    } catch (error) {
      if (error instanceof PlatformError) return error;
      throw error;
    }
  }

  #outcome(begun: number, code: Attempt['code']) {
    return { status: this.#status, code, ms: Math.round(performance.now() - begun) };
  }

  /** The record is for whoever looks for a fault: that it cannot be written must not hold up the events. */
  async #keep(attempt: Omit<Attempt, 'n'>): Promise<Omit<Attempt, 'n'>> {
    await this.#options.store.write((tx) => attemptLog.add(tx, this.#id, attempt)).catch(() => {});
    return attempt;
  }
}
