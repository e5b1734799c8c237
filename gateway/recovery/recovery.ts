import { CodedError, type ErrorCode, type messages } from '#proto';
import { parseCheckpoint, type RegionStatement, verifyCheckpoint } from '#trust';
import type { LogAlarms } from '../evidence/witness/log-alarms.ts';
import { fetchLost } from './fetch-lost.ts';
import { type HeldConversation, heldConversations } from './held-conversations.ts';
import { type HelloMarks, isBehind, isForeign, marksFor } from './hello-marks.ts';
import { InPlace, type InPlaceOptions } from './in-place.ts';
import type { RecoveryGate } from './recovery-gate.ts';
import { type PeerRecovery, type RecoveryAct, recoveryTable, type StoreRecovery } from './recovery-table.ts';

/** Milliseconds before the newest exchange that the restored copy knows, from which a peer is asked: clocks differ. */
const MARGIN_MS = 60 * 60 * 1000;
/** Held conversations that are listed at once. */
const LISTED = 500;

/** Asks a peer. Ends with the signal. */
export type AskPeer = (since: number, signal: AbortSignal) => AsyncIterable<messages.RecoverResponse>;

/** What people are told. */
export interface RecoveryNews {
  /** The store is older than what a peer has seen. */
  putBack(peer: string): void;
  restored(peer: string, count: number): void;
  failed(peer: string, code: ErrorCode): void;
}

export interface RecoveryOptions extends InPlaceOptions {
  /** Our newest statement. */
  readonly own: () => RegionStatement;
  readonly gate: RecoveryGate;
  /** Keeps the two states of our log that contradict each other. */
  readonly alarms: LogAlarms;
  readonly news: RecoveryNews;
}

/** How a restore stands. */
export interface RecoveryOverview {
  readonly recovery: StoreRecovery | undefined;
  readonly peers: readonly PeerRecovery[];
  readonly held: readonly HeldConversation[];
  /** Also of those that are not listed. */
  readonly heldCount: number;
}

/** Makes a restored store whole again with what its peers hold (恢复), and notices when a store was put back in silence. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #inPlace: InPlace;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#inPlace = new InPlace(options);
  }

  /** What our hello tells a peer about its own store. */
  marksFor(peer: string): Promise<HelloMarks> {
    return marksFor(this.#options.store.read, peer);
  }

  /**
   * A peer that dialled us says hello. Nothing of it is read before this returns. While a restored store is made whole, a
   * peer that knows more than it gave back has to give back everything.
   *
   * @throws CodedError STORE_PUT_BACK, PROTOCOL_VIOLATION
   */
  async heard(peer: RegionStatement, hello: messages.Hello): Promise<void> {
    const { gate } = this.#options;
    if (gate.isPutBack) throw new CodedError('STORE_PUT_BACK');
    // What it knows and we do not is what it will give back.
    if (!gate.mustAsk(peer.region)) await this.#demandCurrent(peer, hello);
  }

  /**
   * A peer that we dialled says hello. Nothing is sent to it before this returns: what a restored store lacks is fetched.
   * When that fails with a peer that is not waited for, what is new goes on all the same.
   *
   * @throws CodedError STORE_PUT_BACK, PEER_UNREACHABLE, SHUTTING_DOWN, and what is wrong with the answer of the peer
   */
  async met(peer: RegionStatement, hello: messages.Hello, ask: AskPeer, signal: AbortSignal): Promise<void> {
    await this.heard(peer, hello);
    const { gate, store, clock, news } = this.#options;
    const { region } = peer;
    if (!gate.mustAsk(region)) return;
    try {
      const count = await this.#recover(peer, ask, signal);
      news.restored(region, count);
    } catch (error) {
      if (!(error instanceof CodedError) || signal.aborted) throw error;
      await store.write((tx) => recoveryTable.failed(tx, region, error.code, clock.now()));
      news.failed(region, error.code);
      if (!gate.isSkipped(region)) throw error;
    } finally {
      await gate.load(store.read);
    }
  }

  /** How the restore stands, for people. */
  async overview(): Promise<RecoveryOverview> {
    const { read } = this.#options.store;
    return {
      recovery: await recoveryTable.find(read),
      peers: await recoveryTable.peers(read),
      held: await heldConversations.list(read, LISTED),
      heldCount: await heldConversations.count(read),
    };
  }

  /**
   * An operator does not wait for a peer: conversations with it that are new may begin, older ones stay closed until it
   * answers after all.
   *
   * @throws CodedError NOT_FOUND when the peer is not waited for
   */
  async skip(region: string, act: RecoveryAct): Promise<void> {
    const { store, clock, gate } = this.#options;
    const changed = await store.write((tx) => recoveryTable.skip(tx, region, act, clock.now()));
    if (!changed) throw new CodedError('NOT_FOUND', 'no restore waits for this region');
    await gate.load(store.read);
  }

  /**
   * Somebody looked at a conversation: it goes on as it stands here.
   *
   * @throws CodedError NOT_FOUND when it is not held
   */
  async release(conversation: string, act: RecoveryAct): Promise<void> {
    const { store, clock, gate } = this.#options;
    const changed = await store.write((tx) => heldConversations.release(tx, conversation, act, clock.now()));
    if (changed === 0) throw new CodedError('NOT_FOUND', 'no restore holds this conversation');
    await gate.load(store.read);
  }

  async #recover(peer: RegionStatement, ask: AskPeer, signal: AbortSignal): Promise<number> {
    const { store, clock, own, log } = this.#options;
    const sides = { own: own(), peer };
    const since = await store.write((tx) => recoveryTable.begin(tx, peer.region));
    const { heldNote } = await fetchLost({ store, clock }, ask(Math.max(0, since - MARGIN_MS), signal), sides);
    const count = await this.#inPlace.putAll(sides, signal);
    if (this.#isOfAnotherEpoch(heldNote)) await log.openingFor(peer.region, heldNote);
    await store.write((tx) => recoveryTable.done(tx, peer.region, clock.now()));
    return count;
  }

  /** Whether a peer has to be told how our epoch follows what it holds. */
  #isOfAnotherEpoch(heldNote: string): boolean {
    const { own, log } = this.#options;
    if (heldNote === '') return false;
    return verifyCheckpoint(heldNote, own()).epoch < log.epoch;
  }

  async #demandCurrent({ region }: RegionStatement, { marks, heldNote }: messages.Hello): Promise<void> {
    const { store, clock, own, log, gate, alarms, news } = this.#options;
    if (await isForeign(heldNote, own(), log)) {
      const state = parseCheckpoint(heldNote);
      const kind = state.epoch > log.epoch || state.size > log.size ? 'shortened' : 'rewritten';
      await alarms.raise(state, { kind, via: region, held: log.checkpoint, shown: heldNote });
      await store.write((tx) => recoveryTable.set(tx, 'put-back', clock.now()));
      await gate.load(store.read);
    } else if (!(await isBehind(store.read, region, marks)) || (await this.#asksForAll(region))) return;
    news.putBack(region);
    throw new CodedError('STORE_PUT_BACK');
  }

  /** A restored store that still lacks something of a peer asks it once for everything. */
  async #asksForAll(region: string): Promise<boolean> {
    const { store, clock, gate } = this.#options;
    if (!gate.isRecovering) return false;
    const asks = await store.write((tx) => recoveryTable.askForAll(tx, region, clock.now()));
    if (asks) await gate.load(store.read);
    return asks;
  }
}
