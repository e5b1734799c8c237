import { CodedError, type messages } from '#proto';
import {
  type LogCheckpoint,
  parseCheckpoint,
  type RegionStatement,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '#trust';
import type { Sql } from '../../store/store.ts';
import { SEEN_MAX } from './frame-rules.ts';
import { continues } from './growth.ts';
import type { LogAlarms } from './log-alarms.ts';

export interface GossipOptions {
  readonly read: Sql;
  /** A pinned region; undefined when it is not pinned. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  readonly alarms: LogAlarms;
}

/** A state of a log that its owner signed, and that we heard of from another region. */
interface Rumour {
  readonly note: string;
  readonly state: LogCheckpoint;
  /** Whether its owner was shown it. */
  told: boolean;
  /** Frames since then in which its owner did not say that it continues it. */
  misses: number;
}

/** Regions that one log was heard of from, and logs that were heard of. */
const RUMOURS_OF_ONE = 8;
const RUMOURED_LOGS = 64;
/** Frames of an owner, after it was told, until its silence about a rumour is an alarm. */
const PATIENCE = 3;

/**
 * Compares what different regions were shown of one log (对比见证). A note of another size says nothing by itself: its
 * owner is told of it, and has to prove that its log continues that state too.
 */
export class Gossip {
  readonly #options: GossipOptions;
  readonly #rumours = new Map<string, Map<string, Rumour>>();

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** Notes to show a peer: those of its own log that others showed us, then the newest of other logs. */
  async notesFor(peer: string): Promise<string[]> {
    const rumours = [...(this.#rumours.get(peer)?.values() ?? [])].map(({ note }) => note);
    const rows = await this.#options.read.all<{ note: string }>(
      'SELECT note FROM peer_checkpoint WHERE region <> ? ORDER BY received_at DESC LIMIT ?',
      peer,
      SEEN_MAX - rumours.length,
    );
    return [...rumours, ...rows.map(({ note }) => note)];
  }

  /** A peer was shown notes that `notesFor` gave. */
  told(peer: string, notes: readonly string[]): void {
    for (const rumour of this.#rumours.get(peer)?.values() ?? []) if (notes.includes(rumour.note)) rumour.told = true;
  }

  /** Takes a note of a third region's log that a peer was shown. One that nobody we know signed is not worth a word. */
  async heard(via: string, note: string): Promise<void> {
    const state = this.#verified(note);
    if (!state || state.region === via) return;
    const held = await this.#heldAt(state);
    if (held && !parseCheckpoint(held).root.equals(state.root))
      await this.#options.alarms.raise(state, { kind: 'split-view', via, held, shown: note });
    else if (!held) this.#remember(via, { note, state, told: false, misses: 0 });
  }

  /** Holds a good new state of a log against what others were shown of it. */
  async compare(shown: VerifiedCheckpoint, frame: messages.Checkpoint): Promise<void> {
    const rumours = this.#rumours.get(shown.region) ?? new Map<string, Rumour>();
    for (const [via, rumour] of rumours) {
      const verdict = compared(rumour, shown, frame.growth);
      if (verdict === 'open') continue;
      rumours.delete(via);
      if (verdict === 'fits') continue;
      await this.#options.alarms.raise(shown, { kind: 'split-view', via, held: frame.note, shown: rumour.note });
    }
  }

  #verified(note: string): VerifiedCheckpoint | undefined {
    try {
      const statement = this.#options.statementOf(parseCheckpoint(note).region);
      return statement && verifyCheckpoint(note, statement);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  /** The note that we hold of the same log at the same size. */
  async #heldAt({ region, epoch, size }: LogCheckpoint): Promise<string | undefined> {
    const row = await this.#options.read.get<{ note: string }>(
      'SELECT note FROM witnessed_note WHERE region = ? AND epoch = ? AND size = ?',
      region,
      epoch,
      size,
    );
    return row?.note;
  }

  /** One at a time from each region: its owner needs a while to answer. */
  #remember(via: string, rumour: Rumour): void {
    const { region } = rumour.state;
    const known = this.#rumours.get(region) ?? new Map<string, Rumour>();
    if (known.has(via) || known.size >= RUMOURS_OF_ONE) return;
    if (known.size === 0 && this.#rumours.size >= RUMOURED_LOGS) return;
    this.#rumours.set(region, known.set(via, rumour));
  }
}

/** Whether a rumour fits the state that its owner shows now, contradicts it, or is still open. */
function compared(
  rumour: Rumour,
  shown: VerifiedCheckpoint,
  growth: readonly messages.LogGrowth[],
): 'fits' | 'contradicts' | 'open' {
  const { state } = rumour;
  // An epoch that has ended: the log that began since does not continue it.
  if (state.epoch < shown.epoch) return 'fits';
  if (state.epoch === shown.epoch && state.size === shown.size)
    return state.root.equals(shown.root) ? 'fits' : 'contradicts';
  const proof = growth.find(({ size }) => size === state.size);
  if (proof && state.epoch === shown.epoch) return continues(state, shown, proof) ? 'fits' : 'contradicts';
  if (rumour.told) rumour.misses += 1;
  return rumour.misses > PATIENCE ? 'contradicts' : 'open';
}
