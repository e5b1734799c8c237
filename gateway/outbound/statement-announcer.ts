import type { messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { Store } from '../store/store.ts';
import type { Outbox } from './outbox.ts';

export interface AnnouncerOptions {
  /** Our newest statement. */
  readonly statement: () => RegionStatement;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends our newer statement as an envelope too, once to each peer that holds an older one: the receipt proves when the
 * peer knew of it, and so from when on it should have refused a revoked key.
 */
export class StatementAnnouncer {
  readonly #options: AnnouncerOptions;
  readonly #announced = new Map<string, number>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** A peer said which statement of ours it holds. */
  greeted(peer: RegionStatement, hello: messages.Hello): void {
    if (hello.peerStatementSerial < this.#options.statement().serial) this.#announce(peer.region);
  }

  /** Our statement is newer than what these peers hold. */
  renewed(peers: readonly RegionStatement[]): void {
    for (const { region } of peers) this.#announce(region);
  }

  #announce(region: string): void {
    const { statement, store, outbox, newId, onError } = this.#options;
    const { serial, jwt } = statement();
    const before = this.#announced.get(region) ?? 0;
    if (before >= serial) return;
    this.#announced.set(region, serial);
    const envelope = {
      peer: region,
      conversation: newId(),
      name: 'StatementPublished',
      payload: { statement: jwt },
    } as const;
    store
      .write((tx) => outbox.enqueue(tx, envelope))
      .catch((error) => {
        this.#announced.set(region, before);
        onError(error);
      });
  }
}
