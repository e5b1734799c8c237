import type { messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { Store } from '../store/store.ts';
import type { Outbox } from './outbox.ts';

export interface AnnouncerOptions {
  readonly own: RegionStatement;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
}

/** Sends our newer statement to peers that greet us with an older one, once a run each. */
export class StatementAnnouncer {
  readonly #options: AnnouncerOptions;
  readonly #announced = new Set<string>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** A peer said which statement of ours it holds. */
  greeted(peer: RegionStatement, hello: messages.Hello): void {
    const { own, store, outbox, newId, onError } = this.#options;
    const { region } = peer;
    if (hello.peerStatementSerial >= own.serial || this.#announced.has(region)) return;
    this.#announced.add(region);
    const payload = { statement: own.jwt };
    store
      .write((tx) => outbox.enqueue(tx, { peer: region, conversation: newId(), name: 'StatementPublished', payload }))
      .catch((error) => {
        this.#announced.delete(region);
        onError(error);
      });
  }
}
