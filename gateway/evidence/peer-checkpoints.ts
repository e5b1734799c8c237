import { CodedError, type ErrorCode, type messages } from '#proto';
import { type Clock, type LogCheckpoint, type RegionStatement, verifyCheckpoint } from '#trust';
import type { Store } from '../store/store.ts';
import type { EvidenceLog } from './evidence-log.ts';

/** Milliseconds between two checkpoints that we show one peer. */
const SHOW_EVERY_MS = 60_000;

export interface PeerCheckpointOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our own log. */
  readonly log: Pick<EvidenceLog, 'checkpoint'>;
  readonly alarm: (peer: string, code: ErrorCode) => void;
}

/** Shows our checkpoints to peers, remembers the newest of each peer's log, and notices one that contradicts it. */
export class PeerCheckpoints {
  readonly #options: PeerCheckpointOptions;
  readonly #shown = new Map<string, number>();

  constructor(options: PeerCheckpointOptions) {
    this.#options = options;
  }

  /** The checkpoint to show a peer now; undefined while the last one is younger than a minute. */
  due({ region }: RegionStatement): object | undefined {
    const now = this.#options.clock.now();
    const { checkpoint: note } = this.#options.log;
    if (note === '' || now - (this.#shown.get(region) ?? 0) < SHOW_EVERY_MS) return undefined;
    this.#shown.set(region, now);
    return { note };
  }

  /** Takes a checkpoint that a peer showed. A bad one is an alarm, never a reason to stop the exchange. */
  async take(peer: RegionStatement, { note }: messages.Checkpoint): Promise<object | undefined> {
    const { store, clock, alarm } = this.#options;
    try {
      const shown = verifyCheckpoint(note, peer, clock.now());
      const known = await store.read.get<{ note: string }>(
        'SELECT note FROM peer_checkpoint WHERE region = ?',
        peer.region,
      );
      const last = known && verifyCheckpoint(known.note, peer);
      if (last) demandGrowth(last, shown);
      await this.#keep(peer.region, shown.size, note);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      alarm(peer.region, error.code);
    }
    return undefined;
  }

  async #keep(region: string, size: number, note: string): Promise<void> {
    const { store, clock } = this.#options;
    await store.write((tx) =>
      tx.run(
        `INSERT INTO peer_checkpoint (region, size, note, received_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (region) DO UPDATE SET size = excluded.size, note = excluded.note, received_at = excluded.received_at`,
        region,
        size,
        note,
        clock.now(),
      ),
    );
  }
}

/** A new epoch begins a new log; going back to an old one is a rewritten log too. */
function demandGrowth(last: LogCheckpoint, shown: LogCheckpoint): void {
  if (shown.epoch > last.epoch) return;
  const shorter = shown.epoch < last.epoch || shown.size < last.size;
  if (shorter || (shown.size === last.size && !shown.root.equals(last.root))) {
    throw new CodedError('CHECKPOINT_INVALID', 'the log is shorter than it was, or was rewritten');
  }
}
