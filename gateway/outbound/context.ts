import type { ErrorCode, messages, PayloadName } from '#proto';
import type { Clock, RegionStatement, Signer, TlsIdentity } from '#trust';
import type { LetterBook } from '../dead-letter/letter-book.ts';
import type { EvidenceLog } from '../evidence/evidence-log.ts';
import type { StatementExchange } from '../peer/statement-exchange.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { MaterialPusher } from './material-pusher.ts';
import type { Outbox } from './outbox.ts';
import type { PeerClient } from './peer-client.ts';

/** The fate of an envelope that we sent. */
export interface Settled {
  readonly peer: string;
  readonly id: string;
  readonly conversation: string;
  readonly name: PayloadName;
  /** Encoded payload. */
  readonly payload: Buffer;
  /** `sent_at` of its header, milliseconds. */
  readonly sentAt: number;
  /** Empty when accepted; EXPIRED when it never was decided, GIVEN_UP when an operator dropped it undecided. */
  readonly code: ErrorCode | '';
}

/** Lets the room that sent an envelope act on its fate, in the same unit of work. */
export type SettleHandler = (tx: Transaction, settled: Settled) => Promise<void>;

/** What operators are told of the traffic: metrics and log lines. */
export interface DispatchEvents {
  connected(peer: string): void;
  lost(peer: string): void;
  disconnected(peer: string, error: unknown): void;
  sent(peer: string, envelopes: number): void;
  answered(peer: string, kind: 'receipt' | 'deferral' | 'refusal', code: string, envelope: string): void;
  /** The stream ended again while this envelope alone was under way. */
  unanswered(peer: string, envelope: string): void;
  pushFailed(peer: string, error: unknown): void;
  /** A room could not act on the fate of an envelope; the receipt is kept all the same. */
  settleFailed(peer: string, envelope: string, error: unknown): void;
}

/** Everything that sending needs. */
export interface DispatchContext {
  readonly region: string;
  readonly store: Store;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: EvidenceLog;
  readonly signer: Signer;
  /** What we present to a peer. */
  readonly tlsFor: (peer: string) => TlsIdentity;
  /** `host:port` where a peer is dialled. */
  readonly addressOf: (peer: RegionStatement) => string;
  /** Statements in frames of their own. */
  readonly statements: StatementExchange;
  readonly outbox: Outbox;
  /** Where what the peer never takes goes. */
  readonly letters: LetterBook;
  readonly materials: MaterialPusher;
  readonly events: DispatchEvents;
  /** First frame that we send to a peer. */
  readonly hello: (peer: RegionStatement) => object | Promise<object>;
  /** A peer greeted us. Nothing is sent to it before this ends, and nothing at all when it fails. */
  readonly onGreeting: (
    peer: RegionStatement,
    hello: messages.Hello,
    client: PeerClient,
    signal: AbortSignal,
  ) => Promise<void>;
  /** A peer greeted us: it says which statement of ours it holds. */
  readonly onHello: (peer: RegionStatement, hello: messages.Hello) => void;
  /** A frame about the logs that is due for a peer, if any; paced by its maker. */
  readonly checkpointFor: (peer: RegionStatement) => object | undefined;
  /** A peer showed a checkpoint; what it gives back, if anything, is written to the same stream. */
  readonly onCheckpoint: (peer: RegionStatement, frame: messages.Checkpoint) => Promise<object | undefined>;
  readonly onSettled: SettleHandler;
}
