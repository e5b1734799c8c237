import { CodedError, type ErrorCode, type messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Store } from '../store/store.ts';
import type { Peers } from './peers.ts';

export interface StatementExchangeOptions {
  readonly store: Store;
  readonly keyring: KeyRing;
  readonly peers: Peers;
  /** A peer showed a statement that we cannot take. */
  readonly onRefused: (peer: string, code: ErrorCode) => void;
}

/**
 * Statements that travel beside the envelopes, in frames of their own: a statement proves itself, so that it arrives even
 * when the key that seals envelopes was stolen. Whoever shows one on a stream may sign by it in the next frame.
 */
export class StatementExchange {
  readonly #options: StatementExchangeOptions;

  constructor(options: StatementExchangeOptions) {
    this.#options = options;
  }

  /** A peer said in its hello what it holds of ours. @returns the frame to show it before anything else, if any */
  async greeted(peer: RegionStatement, { peerStatementSerial }: messages.Hello): Promise<object | undefined> {
    const { keyring } = this.#options;
    await keyring.hold(peer.region, peerStatementSerial);
    return peerStatementSerial < keyring.statement.serial ? this.shown(peer.region) : undefined;
  }

  /** The frame that shows a peer our newest statement. */
  shown(peer: string): object {
    const { keyring, peers } = this.#options;
    return { statement: keyring.statement.jwt, heldSerial: peers.get(peer)?.serial ?? 0 };
  }

  /** Whether a TLS key is one of those that our newest statement names. */
  isOurs(spki: string): boolean {
    return this.#options.keyring.statement.tls.some((tls) => tls.spki === spki);
  }

  /**
   * Takes what a peer shows or holds. A statement that cannot be taken is an alarm and no reason to end the stream: what
   * is signed by its keys is refused all the same.
   *
   * @returns the frame that says what we hold now, when the peer showed a statement
   */
  async take({ region }: RegionStatement, frame: messages.StatementFrame): Promise<object | undefined> {
    const { store, keyring, peers, onRefused } = this.#options;
    if (frame.heldSerial > 0) await keyring.hold(region, frame.heldSerial);
    if (frame.statement === '') return undefined;
    try {
      await store.write((tx) => peers.renew(tx, region, frame.statement));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      onRefused(region, error.code);
    }
    return { statement: '', heldSerial: peers.get(region)?.serial ?? 0 };
  }
}
