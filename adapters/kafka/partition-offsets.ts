/** How far one partition has been read, and up to where every record has its end. Offsets come in growing order. */
export class PartitionOffsets {
  /** Those without an end, smallest first: a set keeps the order in which they came. */
  readonly #open = new Set<bigint>();
  #next: bigint;

  /** @param first offset from which it is read */
  constructor(first: bigint) {
    this.#next = first;
  }

  /** The lowest record without an end; one beyond the last where every record has its end. What may be committed. */
  get low(): bigint {
    for (const offset of this.#open) return offset;
    return this.#next;
  }

  /** Offsets beyond the lowest record without an end. */
  get ahead(): number {
    return Number(this.#next - this.low);
  }

  /** @returns false when it came before: after a rebalance records that are in hand are fetched again */
  begin(offset: bigint): boolean {
    if (offset < this.#next) return false;
    this.#open.add(offset);
    this.#next = offset + 1n;
    return true;
  }

  end(offset: bigint): void {
    this.#open.delete(offset);
  }
}
