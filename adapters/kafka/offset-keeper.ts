import { PartitionOffsets } from './partition-offsets.ts';

/** Offsets read beyond a record without an end, of all partitions; then nothing more is read. */
const MAX_AHEAD = 10_000;

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A record in hand: says when it has its end, and whether its partition is still ours. */
export interface Held {
  readonly isOurs: () => boolean;
  end(): void;
}

interface Entry {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: PartitionOffsets;
  committed: bigint;
}

/** What one member of a group has in hand of its partitions, and what it may commit of each. */
export class OffsetKeeper {
  readonly #partitions = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];

  /** @returns undefined when the record is in hand already, or has its end */
  hold({ topic, partition, offset }: Place): Held | undefined {
    const name = nameOf(topic, partition);
    let entry = this.#partitions.get(name);
    // Below what was committed nothing comes again, unless the topic was made anew.
    if (!entry || offset < entry.offsets.low) {
      entry = { topic, partition, offsets: new PartitionOffsets(offset), committed: offset };
      this.#partitions.set(name, entry);
    }
    if (!entry.offsets.begin(offset)) return undefined;
    const own = entry;
    return {
      isOurs: () => this.#partitions.get(name) === own,
      end: () => {
        own.offsets.end(offset);
        this.#wake();
      },
    };
  }

  /** Forgets every partition that is not among these: another member has it now. */
  keep(assignments: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): void {
    const ours = new Set(assignments.flatMap(({ topic, partitions }) => partitions.map((one) => nameOf(topic, one))));
    for (const name of this.#partitions.keys()) if (!ours.has(name)) this.#partitions.delete(name);
    this.#wake();
  }

  /** Up to where every record has its end, of partitions where that has grown. */
  due(): Place[] {
    return [...this.#partitions.values()]
      .filter(({ offsets, committed }) => offsets.low > committed)
      .map(({ topic, partition, offsets }) => ({ topic, partition, offset: offsets.low }));
  }

  committed(places: readonly Place[]): void {
    for (const { topic, partition, offset } of places) {
      const entry = this.#partitions.get(nameOf(topic, partition));
      if (entry && offset > entry.committed) entry.committed = offset;
    }
  }

  /** Resolves when more may be read, or when it stops. */
  async room(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    while (!signal.aborted && this.#ahead() >= MAX_AHEAD)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    signal.removeEventListener('abort', wake);
  }

  #ahead(): number {
    return [...this.#partitions.values()].reduce((sum, { offsets }) => sum + offsets.ahead, 0);
  }

  #wake(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}:${partition}`;
}
