import { CodedError, type messages } from '#proto';
import {
  type Clock,
  cosignCheckpoint,
  type EpochOpening,
  parseCheckpoint,
  type RegionStatement,
  type Signer,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyEpochOpening,
} from '#trust';
import type { Store } from '../../store/store.ts';
import type { Gossip } from './gossip.ts';
import { type Growth, judgeGrowth, judgeNewEpoch } from './growth.ts';
import type { LogAlarms } from './log-alarms.ts';
import { Pace } from './pace.ts';
import { Thinning } from './thinning.ts';

export interface WitnessOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  /** Our log key. */
  readonly signer: Signer;
  readonly alarms: LogAlarms;
  readonly gossip: Gossip;
  readonly onError: (error: unknown) => void;
}

interface Held {
  readonly note: string;
  /** Our signature line; empty when we could not sign. */
  readonly line: string;
}

/** Frames in which a peer may fail to prove that it continues what we hold, before that is an alarm. */
const PATIENCE = 3;
/** Shown states of one peer that are judged in a minute; more are not answered. */
const JUDGED_A_MINUTE = 3;
/** Milliseconds that a stream waits for our signature; a slower one goes out with the next frame. */
const SIGNING_MS = 1000;

/** Sees the logs of peers grow (见证): countersigns what continues the state that it holds, and answers with that state. */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #unproven = new Map<string, number>();
  readonly #pace: Pace;
  readonly #thinning = new Thinning('witnessed_note');

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, JUDGED_A_MINUTE);
  }

  /**
   * Judges the state that a peer shows of its own log.
   *
   * @returns what we hold of it now, with our signature; undefined when it shows too often
   * @throws CodedError CHECKPOINT_INVALID, KEY_UNKNOWN, KEY_REVOKED, KEY_NOT_VALID
   */
  async judge(peer: RegionStatement, frame: messages.Checkpoint): Promise<object | undefined> {
    const { alarms, clock, gossip } = this.#options;
    const shown = verifyCheckpoint(frame.note, peer, clock.now());
    if (!this.#pace.allows(peer.region)) return undefined;
    const held = await this.#held(peer.region);
    const { verdict, base } = await this.#compare(peer, held, shown, frame);
    const seen = { via: peer.region, held: held?.note ?? '', shown: frame.note };
    switch (verdict) {
      case 'grown':
      case 'same':
        this.#unproven.delete(peer.region);
        await gossip.compare(shown, frame);
        break;
      case 'unproven':
        if (this.#missesAgain(peer.region)) await alarms.raise(shown, { kind: verdict, ...seen });
        break;
      default:
        await alarms.raise(shown, { kind: verdict, ...seen });
    }
    const accepted = verdict === 'grown' || verdict === 'restored';
    const now = accepted || (verdict === 'same' && held?.line === '') ? await this.#keep(shown, frame.note) : held;
    if (verdict === 'same') await this.#seenAgain(peer.region);
    if (!now) return undefined;
    const told = verdict === 'unproven' && base ? [base] : [];
    return { note: now.note, cosignatures: now.line === '' ? [] : [now.line], seen: told };
  }

  /** @returns `base`: note from which the owner of a new epoch has to prove that it goes on */
  async #compare(
    peer: RegionStatement,
    held: Held | undefined,
    shown: VerifiedCheckpoint,
    { growth, opening: text }: messages.Checkpoint,
  ): Promise<{ verdict: Growth; base?: string }> {
    const state = held && parseCheckpoint(held.note);
    if (!state || shown.epoch <= state.epoch) return { verdict: judgeGrowth(state, shown, growth) };
    const opening = this.#opening(text, peer);
    const note = opening && (await this.#keptNote(peer.region, state.epoch, opening.kept));
    const base = note ? parseCheckpoint(note) : undefined;
    const verdict = judgeNewEpoch({ held: state, heldNote: held.note, base, opening }, shown, growth);
    return note ? { verdict, base: note } : { verdict };
  }

  /** What verifies of the word about a new epoch. */
  #opening(text: string, peer: RegionStatement): EpochOpening | undefined {
    try {
      return verifyEpochOpening(text, peer, this.#options.region, this.#options.clock.now());
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  /** Largest state of an epoch that we saw and that is not larger than what is said to have been kept. */
  async #keptNote(region: string, epoch: number, kept: number): Promise<string | undefined> {
    const row = await this.#options.store.read.get<{ note: string }>(
      'SELECT note FROM witnessed_note WHERE region = ? AND epoch = ? AND size <= ? ORDER BY size DESC LIMIT 1',
      region,
      epoch,
      kept,
    );
    return row?.note;
  }

  async #held(region: string): Promise<Held | undefined> {
    return this.#options.store.read.get<Held>(
      `SELECT p.note, coalesce(w.line, '') AS line FROM peer_checkpoint p
         LEFT JOIN witnessed_note w ON w.region = p.region AND w.note = p.note
       WHERE p.region = ?`,
      region,
    );
  }

  /** Countersigns and keeps a good state; it is kept also when we cannot sign now. */
  async #keep(shown: VerifiedCheckpoint, note: string): Promise<Held> {
    const { store, clock } = this.#options;
    const at = clock.now();
    const line = await this.#sign(note, at);
    const { region, epoch, size } = shown;
    await store.write(async (tx) => {
      await tx.run(
        `INSERT INTO peer_checkpoint (region, size, note, received_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (region) DO UPDATE SET size = excluded.size, note = excluded.note, received_at = excluded.received_at`,
        region,
        size,
        note,
        at,
      );
      await tx.run(
        `INSERT INTO witnessed_note (region, epoch, size, note, line, at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (region, epoch, size) DO UPDATE SET note = excluded.note, line = excluded.line, at = excluded.at
         WHERE witnessed_note.line = ''`,
        region,
        epoch,
        size,
        note,
        line,
        at,
      );
      await this.#thinning.run(tx, at);
    });
    return { note, line };
  }

  async #seenAgain(region: string): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    await store.write((tx) => tx.run('UPDATE peer_checkpoint SET received_at = ? WHERE region = ?', now, region));
  }

  /** Our signature line; empty when the signer fails or is too slow for a stream to wait. */
  async #sign(note: string, at: number): Promise<string> {
    const { signer, region, onError } = this.#options;
    const signing = cosignCheckpoint(signer, region, note, at).catch((error: unknown) => {
      onError(error);
      return '';
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(''), SIGNING_MS);
    });
    const line = await Promise.race([signing, late]);
    clearTimeout(timer);
    return line;
  }

  #missesAgain(region: string): boolean {
    const misses = (this.#unproven.get(region) ?? 0) + 1;
    this.#unproven.set(region, misses);
    return misses >= PATIENCE;
  }
}
