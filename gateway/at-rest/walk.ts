import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '#trust';
import type { Store } from '../store/store.ts';
import { type WalkRow, walkTable } from './walk-table.ts';

/** What one step of a walk did. */
export interface StepDone {
  /** Where the next step goes on; undefined at the end of the pass. */
  readonly place: string | undefined;
  readonly sealed: number;
  /** What did not open, and stays as it is. */
  readonly broken: number;
}

/** Things that are kept sealed, in an order in which they can be walked through. */
export interface Walked {
  readonly name: string;
  /**
   * Seals what is not sealed under the key of the floor or a later one, as far as one unit of work should go.
   *
   * @param place where the step before ended; empty at the beginning
   */
  step(place: string, floor: number): Promise<StepDone>;
}

/**
 * Walks through everything that is kept sealed until a whole pass finds nothing left to seal. What was reached stands in
 * the store: whoever is interrupted goes on from there.
 */
export class SealingWalk {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #walked: readonly Walked[];

  constructor(store: Store, clock: Clock, walked: readonly Walked[]) {
    this.#store = store;
    this.#clock = clock;
    this.#walked = walked;
  }

  /**
   * @param floor number of the key
   * @param goesOn asked before every step
   * @returns how many rows or files were sealed, and whether all of them are
   */
  async run(floor: number, goesOn: () => boolean): Promise<{ readonly sealed: number; readonly isDone: boolean }> {
    const rows = new Map((await walkTable.all(this.#store.read)).map((row) => [row.name, row]));
    let sealed = 0;
    for (const walked of this.#walked) {
      let row = begun(walked.name, rows.get(walked.name), floor);
      while (row.done_at === null) {
        if (!goesOn()) return { sealed, isDone: false };
        const before = row.place === '' ? 0 : row.sealed;
        row = await this.#step(walked, row);
        sealed += row.sealed - before;
        await turn();
      }
    }
    return { sealed, isDone: true };
  }

  /** Whether nothing of what is walked through stands in the clear. */
  async isCovered(): Promise<boolean> {
    const rows = await walkTable.all(this.#store.read);
    return this.#walked.every(({ name }) => rows.some((row) => row.name === name && row.covered_at !== null));
  }

  async #step(walked: Walked, row: WalkRow): Promise<WalkRow> {
    const done = await walked.step(row.place, row.floor);
    const isFirst = row.place === '';
    const sealed = (isFirst ? 0 : row.sealed) + done.sealed;
    const broken = (isFirst ? 0 : row.broken) + done.broken;
    // Meanwhile others may have written behind the walk: only a pass without a find says that all is sealed.
    const isDone = done.place === undefined && sealed === 0;
    const doneAt = isDone ? this.#clock.now() : null;
    const next = {
      ...row,
      place: done.place ?? '',
      sealed,
      broken,
      done_at: doneAt,
      covered_at: row.covered_at ?? doneAt,
    };
    await this.#store.write((tx) => walkTable.keep(tx, next));
    return next;
  }
}

function begun(name: string, row: WalkRow | undefined, floor: number): WalkRow {
  if (row?.floor === floor) return row;
  return { name, floor, place: '', sealed: 0, broken: 0, done_at: null, covered_at: row?.covered_at ?? null };
}
