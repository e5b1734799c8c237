import { CodedError, type ErrorCode, type messages } from '#proto';
import type { Clock, RegionStatement } from '#trust';
import type { KeyRing } from '../keyring/key-ring.ts';
import type { Store } from '../store/store.ts';
import type { Peers } from './peers.ts';

/** Frames of one peer that are looked at in a minute; an honest one sends a few a year. */
const FRAMES_A_MINUTE = 60;

export interface StatementExchangeOptions {
  readonly store: Store;
  readonly clock: Clock;
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
  /** By pinned region. */
  readonly #frames = new Map<string, { since: number; count: number }>();

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
   * @throws CodedError BACK_PRESSURE, which ends the stream, when a peer sends one after the other
   */
  async take({ region }: RegionStatement, frame: messages.StatementFrame): Promise<object | undefined> {
    const { store, keyring, peers, onRefused } = this.#options;
    this.#count(region);
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

  /** Each frame costs a signature to verify, and a line in the log when it is bad. */
  #count(region: string): void {
    const now = this.#options.clock.now();
    const known = this.#frames.get(region);
    const frames = known && now - known.since < 60_000 ? known : { since: now, count: 0 };
    this.#frames.set(region, frames);
    frames.count += 1;
    if (frames.count > FRAMES_A_MINUTE) throw new CodedError('BACK_PRESSURE', 'too many statements of one peer');
  }
}
