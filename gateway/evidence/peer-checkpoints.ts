import { CodedError, type ErrorCode, type messages } from '#proto';
import { type Clock, parseCheckpoint, type RegionStatement, type Signer } from '#trust';
import type { Store } from '../store/store.ts';
import type { EvidenceLog } from './evidence-log.ts';
import { demandBounds } from './witness/frame-rules.ts';
import { Gossip } from './witness/gossip.ts';
import { type LogAlarm, LogAlarms } from './witness/log-alarms.ts';
import { Pace } from './witness/pace.ts';
import { Showing } from './witness/showing.ts';
import { Witness } from './witness/witness.ts';

export interface PeerCheckpointOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  /** Our newest statement. */
  readonly own: () => RegionStatement;
  /** Our log key. */
  readonly signer: Signer;
  /** Our own log. */
  readonly log: EvidenceLog;
  /** A pinned region; undefined when it is not pinned. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** False while it is not known which state a peer holds of our log, which was restored. */
  readonly mayShow: (peer: string) => boolean;
  /** Two states of one log do not fit together: operators must look. Both were kept. */
  readonly onAlarm: (alarm: LogAlarm) => void;
  /** A peer sent a frame that cannot be taken. */
  readonly onBadFrame: (peer: string, code: ErrorCode) => void;
  /** A frame could not be prepared, or we could not countersign; the next one tries again. */
  readonly onError: (error: unknown) => void;
}

/** Frames of one peer that are looked at in a minute: it shows its log twice at most, and answers as often. */
const FRAMES_A_MINUTE = 12;

/**
 * The frames about logs beside the traffic with peers. Each side shows its log; the other countersigns it as a witness
 * when it continues what was shown before, and both compare what they saw of third regions.
 */
export class PeerCheckpoints {
  readonly #options: PeerCheckpointOptions;
  readonly #pace: Pace;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #gossip: Gossip;
  readonly #showing: Showing;
  readonly #witness: Witness;

  constructor(options: PeerCheckpointOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, FRAMES_A_MINUTE);
    const alarms = new LogAlarms(options.store, options.clock, options.onAlarm);
    this.#gossip = new Gossip({ read: options.store.read, statementOf: options.statementOf, alarms });
    const shared = { ...options, alarms, gossip: this.#gossip };
    this.#showing = new Showing(shared);
    this.#witness = new Witness(shared);
  }

  /** The frame to show a peer now, at most one a minute; undefined when there is none. */
  due({ region }: RegionStatement): object | undefined {
    return this.#showing.due(region);
  }

  /** A peer opened a stream. */
  met({ region }: RegionStatement): void {
    this.#showing.met(region);
  }

  /**
   * Takes a frame of a peer. A bad one is an alarm, never a reason to stop the exchange.
   *
   * @returns a frame to write back on the same stream
   */
  async take(peer: RegionStatement, frame: messages.Checkpoint): Promise<object | undefined> {
    if (!this.#pace.allows(peer.region)) return undefined;
    // One after the other: on two streams at once, two states could both seem to continue the one that is held.
    const before = this.#turns.get(peer.region) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(() => this.#takeOne(peer, frame));
    this.#turns.set(peer.region, turn);
    return turn;
  }

  async #takeOne(peer: RegionStatement, frame: messages.Checkpoint): Promise<object | undefined> {
    try {
      demandBounds(frame);
      const { region } = parseCheckpoint(frame.note);
      if (region === this.#options.region) {
        await this.#listen(peer.region, frame.seen);
        return await this.#showing.answered(peer, frame);
      }
      if (region !== peer.region) throw new CodedError('CHECKPOINT_INVALID', 'the log of a third region');
      const answer = await this.#witness.judge(peer, frame);
      if (answer) await this.#listen(peer.region, frame.seen);
      return answer;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#options.onBadFrame(peer.region, error.code);
      return undefined;
    }
  }

  /** What the peer saw: of our own log, or of third regions'. */
  async #listen(via: string, notes: readonly string[]): Promise<void> {
    for (const note of notes) {
      if (isOf(this.#options.region, note)) await this.#showing.asked(via, note);
      else await this.#gossip.heard(via, note);
    }
  }
}

function isOf(region: string, note: string): boolean {
  try {
    return parseCheckpoint(note).region === region;
  } catch {
    return false;
  }
}
