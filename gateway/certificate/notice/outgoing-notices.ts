import { CodedError, type ErrorCode } from '#proto';
import type { Clock } from '#trust';
import type { Settled } from '../../outbound/context.ts';
import type { Outbox } from '../../outbound/outbox.ts';
import type { Peers } from '../../peer/peers.ts';
import type { Store, Transaction } from '../../store/store.ts';
import { references } from '../check-references.ts';
import { checkedCertificates } from './checked-table.ts';
import { MAX_OWED, type OwedNotice, type SentNotice, sentNotices } from './sent-table.ts';
import { onWire } from './words.ts';

export interface OutgoingNoticeOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own region. */
  readonly region: string;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly peers: Pick<Peers, 'get' | 'onChange'>;
  /** Source of UUIDs, for the conversations. */
  readonly newId: () => string;
  /** A region could not be told, or did not take what it was told. */
  readonly onUntold: (peer: string, conversation: string, code: ErrorCode) => void;
  /** What is owed, to one region if it is told, could not be sent; it is tried again at the next `tend`. */
  readonly onError: (error: unknown, peer?: string) => void;
}

/** A question about a certificate of ours that was answered. */
export interface AnsweredCheck {
  readonly peer: string;
  readonly identifier: string;
  /** By which it named the certificate: its identifier or its reference. */
  readonly subject: string;
  /** Moment for which the answer speaks, milliseconds. */
  readonly answeredAt: number;
}

/** What cannot be sent now, and why that passes. */
type Obstacle = 'PEER_NOT_PINNED' | 'BACK_PRESSURE';

/**
 * Tells the regions that know a certificate of ours that its status changed (状态变更告知), each in a signed envelope whose
 * receipt proves that it was told. The notices to one region about one certificate are a conversation of their own. What
 * cannot be sent is owed: it goes out when the region is pinned again, when there is room for it, or at the next `tend`.
 */
export class OutgoingNotices {
  readonly #options: OutgoingNoticeOptions;
  /** Regions to which something is owed. */
  readonly #owed = new Set<string>();

  constructor(options: OutgoingNoticeOptions) {
    this.#options = options;
    options.peers.onChange(() => void this.#payAll(this.#owed));
  }

  /** Finds what earlier runs owe, and sends what can be sent. */
  async start(): Promise<void> {
    for (const peer of await sentNotices.owedPeers(this.#options.store.read)) this.#owed.add(peer);
    await this.#payAll(this.#owed);
  }

  /** Sends what is still owed. To be called every few minutes. Never throws; what fails is tried at the next call. */
  async tend(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /**
   * Tells everybody who knows a certificate of a decision, in the unit of work that makes it.
   *
   * @param decision position of the change
   * @returns whom we told, and whom we could not tell
   */
  async tell(
    tx: Transaction,
    { identifier, conversation }: { readonly identifier: string; readonly conversation: string },
    decision: number,
  ): Promise<SentNotice[]> {
    const { newId, region } = this.#options;
    const reference = (await references.of(tx, identifier)) ?? '';
    const about = { identifier, reference, caseConversation: conversation };
    for (const knower of await sentNotices.knowing(tx, about))
      await sentNotices.owe(tx, decision, identifier, knower, newId());
    for (const notice of await sentNotices.owedOf(tx, region, decision)) await this.#pay(tx, notice);
    return sentNotices.of(tx, identifier, decision);
  }

  /**
   * Notes that a region knows a certificate, in the unit of work that keeps the answer to its question. If the status
   * changed while that was being answered, the answer is older than the decision, and the region is told.
   */
  async answered(tx: Transaction, { peer, identifier, subject, answeredAt }: AnsweredCheck): Promise<void> {
    await checkedCertificates.note(tx, { direction: 'answered', peer, subject });
    const decision = await sentNotices.decisionSince(tx, identifier, answeredAt);
    if (decision === undefined) return;
    const byIdentifier = subject === identifier;
    const knower = { peer, byIdentifier, byReference: !byIdentifier };
    if (await sentNotices.owe(tx, decision, identifier, knower, this.#options.newId())) await this.#payTo(tx, peer);
  }

  /** Notes the verdict of a region on a notice; then there may be room for what it is owed. */
  async settled(tx: Transaction, { name, peer, id, conversation, code }: Settled): Promise<void> {
    const isNotice = name === 'CertificateNotice';
    const isLost = isNotice && code === 'EXPIRED';
    if (isLost) await sentNotices.oweAgain(tx, id, code);
    else if (isNotice) await sentNotices.settle(tx, id, code, this.#options.clock.now());
    tx.afterCommit(() => {
      if (isNotice && code !== '') this.#options.onUntold(peer, conversation, code);
      if (isLost) this.#owed.add(peer);
      if (this.#owed.has(peer)) void this.#payAll([peer]);
    });
  }

  /** Whom we told of decisions about a certificate of ours, the newest first; at most 1,000. */
  sent(identifier: string): Promise<SentNotice[]> {
    return sentNotices.of(this.#options.store.read, identifier);
  }

  /** What cannot be sent to one region keeps no other from being told. */
  async #payAll(owed: Iterable<string>): Promise<void> {
    const { store, peers, onError } = this.#options;
    for (const peer of owed) {
      try {
        if (peers.get(peer)) await store.write((tx) => this.#payTo(tx, peer));
      } catch (error) {
        onError(error, peer);
      }
    }
  }

  /** Sends what is owed to a region, the oldest first, until something is in the way. */
  async #payTo(tx: Transaction, peer: string): Promise<void> {
    const owed = await sentNotices.owedTo(tx, this.#options.region, peer);
    for (const notice of owed) if (!(await this.#pay(tx, notice))) return;
    if (owed.length < MAX_OWED) tx.afterCommit(() => this.#owed.delete(peer));
  }

  /** @returns whether it was sent */
  async #pay(tx: Transaction, notice: OwedNotice): Promise<boolean> {
    const obstacle = await this.#send(tx, notice);
    if (!obstacle) return true;
    const { peer, conversation } = notice;
    await sentNotices.note(tx, notice, { code: obstacle });
    tx.afterCommit(() => {
      this.#owed.add(peer);
      if (notice.code !== obstacle) this.#options.onUntold(peer, conversation, obstacle);
    });
    return false;
  }

  async #send(tx: Transaction, notice: OwedNotice): Promise<Obstacle | undefined> {
    const { outbox, peers } = this.#options;
    const { peer, conversation, identifier, reference, digest, reason, decidedAt, authority } = notice;
    if (!peers.get(peer)) return 'PEER_NOT_PINNED';
    const payload = { identifier, reference, digest, ...onWire(notice), reason, decidedAt, authority };
    try {
      const { id } = await outbox.enqueue(tx, { peer, conversation, name: 'CertificateNotice', payload });
      await sentNotices.note(tx, notice, { envelope: id });
      return undefined;
    } catch (error) {
      // A full queue of one region must not keep a certificate in force everywhere.
      if (error instanceof CodedError && error.code === 'BACK_PRESSURE') return error.code;
      throw error;
    }
  }
}
