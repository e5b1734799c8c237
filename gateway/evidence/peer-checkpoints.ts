import type { ErrorCode } from '#proto';
import { CodedError } from '#proto';
import { type Clock, type LogCheckpoint, type RegionStatement, verifyCheckpoint } from '#trust';
import type { Store } from '../store/store.ts';

/** Remembers the newest checkpoint of each peer's log, and notices one that is shorter or contradicts it. */
export class PeerCheckpoints {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #alarm: (peer: string, code: ErrorCode) => void;

  constructor(store: Store, clock: Clock, alarm: (peer: string, code: ErrorCode) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#alarm = alarm;
  }

  /** Takes a checkpoint that a peer showed. A bad one is an alarm, never a reason to stop the exchange. */
  async take(peer: RegionStatement, note: string): Promise<void> {
    try {
      const shown = verifyCheckpoint(note, peer, this.#clock.now());
      const known = await this.#store.read.get<{ note: string }>(
        'SELECT note FROM peer_checkpoint WHERE region = ?',
        peer.region,
      );
      const last = known && verifyCheckpoint(known.note, peer);
      if (last) demandGrowth(last, shown);
      await this.#keep(peer.region, shown.size, note);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#alarm(peer.region, error.code);
    }
  }

  async #keep(region: string, size: number, note: string): Promise<void> {
    await this.#store.write((tx) =>
      tx.run(
        `INSERT INTO peer_checkpoint (region, size, note, received_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (region) DO UPDATE SET size = excluded.size, note = excluded.note, received_at = excluded.received_at`,
        region,
        size,
        note,
        this.#clock.now(),
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
