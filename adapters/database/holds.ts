/** Lanes that wait at once; more say that something else is wrong than some cases. */
const MAX_LANES = 10_000;
/** A row that was passed so often while the one before it was never offered: that one is gone. */
const PASSED = 3;

/** Rows that have to be offered again, in the order of their lanes (同一办件): none overtakes another. */
export class Holds {
  readonly #lanes = new Map<string, Map<string, number>>();
  /** How often the first of a lane failed. */
  readonly #tries = new Map<string, number>();

  /** Whether a row must wait for others of its lane that have to come first. */
  blocks(lane: string, id: string): boolean {
    const waiting = this.#lanes.get(lane);
    if (!waiting) return false;
    const [first] = waiting.keys();
    if (first === id) return false;
    const passed = (waiting.get(id) ?? 0) + 1;
    waiting.set(id, passed);
    if (passed >= PASSED) this.release(lane, first!);
    return true;
  }

  /** The row has failed, and is first in its lane. @returns how often it has failed now, from 1 */
  fail(lane: string, id: string): number {
    let waiting = this.#lanes.get(lane);
    if (!waiting) {
      waiting = new Map([[id, 0]]);
      this.#lanes.set(lane, waiting);
    }
    for (const other of waiting.keys()) waiting.set(other, 0);
    const tries = (this.#tries.get(lane) ?? 0) + 1;
    this.#tries.set(lane, tries);
    return tries;
  }

  /** The row has its end, or is gone. */
  release(lane: string, id: string): void {
    const waiting = this.#lanes.get(lane);
    if (!waiting?.delete(id)) return;
    this.#tries.delete(lane);
    for (const other of waiting.keys()) waiting.set(other, 0);
    if (waiting.size === 0) this.#lanes.delete(lane);
  }

  /** How often the first of a lane failed. */
  tries(lane: string): number {
    return this.#tries.get(lane) ?? 0;
  }

  get isFull(): boolean {
    return this.#lanes.size >= MAX_LANES;
  }
}
