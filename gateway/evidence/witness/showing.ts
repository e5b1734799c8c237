import type { messages } from '#proto';
import { CodedError } from '#proto';
import { type Clock, type LogCheckpoint, type RegionStatement, verifyCheckpoint, verifyCosignature } from '#trust';
import type { Store } from '../../store/store.ts';
import type { EvidenceLog } from '../evidence-log.ts';
import { logEpochs } from '../log-epochs.ts';
import { GROWTHS_MAX } from './frame-rules.ts';
import type { Gossip } from './gossip.ts';
import type { LogAlarms } from './log-alarms.ts';
import { Thinning } from './thinning.ts';

export interface ShowingOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Our newest statement. */
  readonly own: () => RegionStatement;
  readonly log: EvidenceLog;
  readonly alarms: LogAlarms;
  readonly gossip: Gossip;
  /** False while it is not known which state a peer holds of the log that was restored. */
  readonly mayShow: (peer: string) => boolean;
  readonly onError: (error: unknown) => void;
}

/** What we know of a peer as a witness of our log. */
interface Viewer {
  /** Milliseconds; 0 before the first time. */
  shownAt: number;
  /** When it was shown a second frame within the minute, since it held another state than we thought. */
  corrected: number;
  /** The note that it was shown last. */
  note: string;
  /** Leaves of our log that it said it has seen; 0 for those of an ended epoch that are lost, undefined while we do not know. */
  held: number | undefined;
  /** Whether it holds a state of the epoch of today. */
  followed: boolean;
  /** Sizes that it heard of from others. */
  readonly asked: Set<number>;
  frame: Frame | undefined;
  preparing: boolean;
}

/** A frame that waits to be shown. */
interface Frame {
  readonly note: string;
  readonly growth: readonly { readonly size: number; readonly proof: readonly Buffer[] }[];
  readonly seen: readonly string[];
  /** What we signed for it about our epoch; empty when there is nothing to say. */
  readonly opening: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Milliseconds between two frames that show our log to one peer. */
const SHOW_EVERY_MS = 60_000;
/** Milliseconds between two frames to one peer that opens stream after stream. */
const STREAM_MS = 1_000;
/** Milliseconds by which the clock of a witness may be ahead of ours. */
const SKEW_MS = 300_000;

/**
 * Shows our log to peers, with proof that it continues what they have seen, and keeps their countersignatures.
 * A frame is prepared beforehand: a stream never waits for one.
 */
export class Showing {
  readonly #options: ShowingOptions;
  readonly #viewers = new Map<string, Viewer>();
  readonly #thinning = new Thinning('cosignature');

  constructor(options: ShowingOptions) {
    this.#options = options;
    options.log.onGrown(() => this.#refresh());
  }

  /** The frame to show a peer now; undefined while the last one is younger than a minute or none is ready. */
  due(peer: string): object | undefined {
    const now = this.#options.clock.now();
    const viewer = this.#viewer(peer);
    if (now - viewer.shownAt < SHOW_EVERY_MS || !this.#options.mayShow(peer)) return undefined;
    if (viewer.frame) return this.#show(peer, viewer.frame);
    this.#prepareSoon(peer, viewer);
    return undefined;
  }

  /** A peer opened a stream: it may have forgotten what it saw, so the minute begins anew, though not every second. */
  met(peer: string): void {
    const viewer = this.#viewer(peer);
    if (this.#options.clock.now() - viewer.shownAt < STREAM_MS) return;
    viewer.shownAt = 0;
    if (!viewer.frame) this.#prepareSoon(peer, viewer);
  }

  /**
   * A peer says which state of our log it holds.
   *
   * @returns the frame that shows it how our log continues that state, when it is another than the one it was shown
   * @throws CodedError CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
   */
  async answered(peer: RegionStatement, { note, cosignatures }: messages.Checkpoint): Promise<object | undefined> {
    const state = verifyCheckpoint(note, this.#options.own());
    const viewer = this.#viewer(peer.region);
    const { log, mayShow } = this.#options;
    const isOurs = await this.#isOurs(state, note, peer.region);
    const isHere = isOurs && (await log.contains(state));
    viewer.followed = state.epoch === log.epoch;
    viewer.held = isHere || viewer.followed ? state.size : 0;
    if (isHere) await this.#keep(peer, state, note, cosignatures);
    if (!mayShow(peer.region)) return undefined;
    if (isOurs && !viewer.followed) await log.openingFor(peer.region, note);
    const now = this.#options.clock.now();
    if (note === viewer.note || viewer.note === '' || now - viewer.corrected < SHOW_EVERY_MS) return undefined;
    viewer.corrected = now;
    await this.#prepare(peer.region, viewer);
    return viewer.frame && this.#show(peer.region, viewer.frame);
  }

  /** A peer heard of this state of our log from another region: it will be shown that our log continues it. */
  async asked(peer: string, note: string): Promise<void> {
    const state = this.#signedByUs(note);
    if (!state) return;
    const viewer = this.#viewer(peer);
    await this.#isOurs(state, note, peer);
    // Of an epoch that has ended we can prove only what we still have.
    if (state.epoch < this.#options.log.epoch && !(await this.#options.log.contains(state))) return;
    if (viewer.asked.size >= GROWTHS_MAX - 1) return;
    viewer.asked.add(state.size);
    // What was prepared before does not say it yet.
    viewer.frame = undefined;
    this.#prepareSoon(peer, viewer);
  }

  /** Whether our log was ever in a state that stands under our key. When not, it was shortened, rewritten or shown twice. */
  async #isOurs(state: LogCheckpoint, note: string, via: string): Promise<boolean> {
    const { log, alarms } = this.#options;
    if (state.epoch < log.epoch || (await log.contains(state))) return true;
    const kind = state.epoch > log.epoch || state.size > log.size ? 'shortened' : 'rewritten';
    await alarms.raise(state, { kind, via, held: log.checkpoint, shown: note });
    return false;
  }

  #signedByUs(note: string): LogCheckpoint | undefined {
    try {
      return verifyCheckpoint(note, this.#options.own());
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  async #keep(peer: RegionStatement, state: LogCheckpoint, note: string, lines: readonly string[]): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    for (const line of lines) {
      const { witness, at } = verifyCosignature(note, line, peer);
      if (at > now + SKEW_MS) throw new CodedError('CHECKPOINT_INVALID', 'the countersignature is from the future');
      await store.write(async (tx) => {
        await tx.run(
          `INSERT INTO cosignature (witness, epoch, size, note, line, at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (witness, epoch, size) DO NOTHING`,
          witness,
          state.epoch,
          state.size,
          note,
          line,
          at,
          now,
        );
        await this.#thinning.run(tx, now);
      });
    }
  }

  #viewer(peer: string): Viewer {
    let viewer = this.#viewers.get(peer);
    if (!viewer) {
      viewer = {
        shownAt: 0,
        corrected: 0,
        note: '',
        held: undefined,
        followed: false,
        asked: new Set(),
        frame: undefined,
        preparing: false,
      };
      this.#viewers.set(peer, viewer);
    }
    return viewer;
  }

  #show(peer: string, { note, growth, seen, opening }: Frame): object {
    const viewer = this.#viewer(peer);
    viewer.frame = undefined;
    viewer.shownAt = this.#options.clock.now();
    viewer.note = note;
    for (const { size } of growth) viewer.asked.delete(size);
    this.#options.gossip.told(peer, seen);
    return { note, growth, seen, opening };
  }

  /** Our log grew: whoever is due soon gets a frame that is not older than a minute. */
  #refresh(): void {
    const now = this.#options.clock.now();
    for (const [peer, viewer] of this.#viewers) {
      const isFresh = viewer.frame !== undefined && now - viewer.frame.at < SHOW_EVERY_MS;
      if (!isFresh && now - viewer.shownAt >= SHOW_EVERY_MS) this.#prepareSoon(peer, viewer);
    }
  }

  #prepareSoon(peer: string, viewer: Viewer): void {
    if (viewer.preparing) return;
    viewer.preparing = true;
    this.#prepare(peer, viewer)
      .catch(this.#options.onError)
      .finally(() => {
        viewer.preparing = false;
      });
  }

  async #prepare(peer: string, viewer: Viewer): Promise<void> {
    const { log, gossip, clock, store, mayShow } = this.#options;
    const { checkpoint: note, size, epoch } = log;
    if (note === '' || !mayShow(peer)) return;
    viewer.held ??= await lastCosigned(store, peer);
    const opening = viewer.followed ? undefined : await logEpochs.openingFor(store.read, epoch, peer);
    const growth = [];
    for (const from of new Set([viewer.held ?? 0, ...viewer.asked])) {
      // An empty proof says that we know what the peer holds, and have less.
      if (from > 0) growth.push({ size: from, proof: from < size ? await log.consistency(from, size) : [] });
    }
    viewer.frame = { note, growth, seen: await gossip.notesFor(peer), opening: opening ?? '', at: clock.now() };
  }
}

/** Leaves of our log that a peer countersigned last; 0 when it never did. */
async function lastCosigned(store: Store, witness: string): Promise<number> {
  const row = await store.read.get<{ size: number }>(
    'SELECT size FROM cosignature WHERE witness = ? ORDER BY epoch DESC, size DESC LIMIT 1',
    witness,
  );
  return row?.size ?? 0;
}
