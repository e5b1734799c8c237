import type { Sql } from '../store/store.ts';

/** Groups that later frames may refer to. */
export const RECENT_GROUPS = 4;

interface NumberedGroup {
  readonly number: number;
  /** To be sent before whatever refers to it; undefined when it was. */
  readonly frame?: object;
  /** It holds one leaf that nobody stored. */
  readonly isFresh?: true;
}

/** Seals of a stream of exchanged envelopes: each group travels once while what it covers follows each other. */
export class GroupFrames {
  readonly #read: Sql;
  /** Stored groups among the newest that were sent, with their numbers. */
  readonly #recent = new Map<number, number>();
  #number = 0;

  constructor(read: Sql) {
    this.#read = read;
  }

  /** A group of the store; undefined when it has no signature. */
  async stored(id: number): Promise<NumberedGroup | undefined> {
    const known = this.#recent.get(id);
    if (known !== undefined && known > this.#number - RECENT_GROUPS + 1) return { number: known };
    const row = await this.#read.get<{ signed_root: string; leaves: Buffer }>(
      'SELECT signed_root, leaves FROM sealed_group WHERE id = ?',
      id,
    );
    if (!row || row.signed_root === '') return undefined;
    const group = this.#next(row.signed_root, row.leaves);
    this.#recent.set(id, group.number);
    for (const [old, number] of this.#recent) if (number <= this.#number - RECENT_GROUPS) this.#recent.delete(old);
    return group;
  }

  /** A group that was sealed only now. */
  fresh({ signedRoot, leaves }: { readonly signedRoot: string; readonly leaves: readonly Buffer[] }): NumberedGroup {
    return { ...this.#next(signedRoot, Buffer.concat(leaves)), isFresh: true };
  }

  #next(signedRoot: string, leaves: Buffer): NumberedGroup {
    this.#number += 1;
    return {
      number: this.#number,
      frame: { group: { number: this.#number, signedRoot: Buffer.from(signedRoot), leaves } },
    };
  }
}
