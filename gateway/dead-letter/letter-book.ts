import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { type Closing, type FiledLetter, type Letter, type LetterCount, type LetterQueue, STOPPING } from './letter.ts';
import { type LetterNews, letterTable } from './letter-table.ts';

/** Letters of one peer or one platform that may be open at once; what one answer settles may exceed it, once. */
export const LETTERS_PER_QUEUE = 5_000;

export interface LetterBookOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Letters of one queue that may be open. */
  readonly capacity?: number;
}

/** Told of every letter, in the unit of work that files it. */
export type LetterListener = (tx: Transaction, letter: Letter) => Promise<void>;

/** The book of dead letters (死信): what left a queue undelivered, why, and what was done about it. */
export class LetterBook {
  readonly #options: LetterBookOptions;
  readonly #capacity: number;
  readonly #counts = new Map<string, LetterCount>();
  readonly #stopped = new Set<string>();
  readonly #listeners: LetterListener[] = [];

  constructor(options: LetterBookOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? LETTERS_PER_QUEUE;
  }

  /** Counts what earlier runs left. */
  async start(): Promise<void> {
    const { read } = this.#options.store;
    for (const counted of await letterTable.counts(read)) this.#counts.set(keyOf(counted), counted);
    for (const { name, subject } of await letterTable.stopping(read)) this.#stopped.add(stopKey(name, subject));
  }

  listen(listener: LetterListener): void {
    this.#listeners.push(listener);
  }

  /** Peers and platforms with open letters. */
  counts(): LetterCount[] {
    return [...this.#counts.values()].filter(({ count }) => count > 0);
  }

  /** Whether another letter of a queue may be filed: beyond it things stay where they are. */
  hasRoom(queue: LetterQueue, name: string): boolean {
    return this.#count(queue, name) < this.#capacity;
  }

  /** Whether any letter of a queue is open. */
  hasOpen(queue: LetterQueue, name: string): boolean {
    return this.#count(queue, name) > 0;
  }

  /** Whether a conversation with a peer stands still behind a dead letter. */
  isStopped(peer: string, conversation: string): boolean {
    return this.#stopped.has(stopKey(peer, conversation));
  }

  /**
   * Files a letter. What expired has left its queue anyway: in a full book it takes the place of the oldest that
   * expired, or is filed no more; the outbox keeps both.
   */
  async file(tx: Transaction, letter: Letter): Promise<void> {
    const { queue, name, subject } = letter;
    for (const listener of this.#listeners) await listener(tx, letter);
    if (!this.hasRoom(queue, name) && !(await this.#makeRoom(tx, letter))) return;
    await letterTable.insert(tx, letter, this.#options.clock.now());
    tx.afterCommit(() => {
      this.#change(letter, 1);
      if (isStopping(letter)) this.#stopped.add(stopKey(name, subject));
    });
  }

  /** Writes into an open letter what is known of it now, such as another reason. */
  async change(tx: Transaction, letter: FiledLetter, news: LetterNews): Promise<void> {
    await letterTable.change(tx, letter.position, news);
  }

  /** Closes an open letter, and with it the standstill of its conversation. */
  async close(tx: Transaction, letter: FiledLetter, closing: Closing): Promise<void> {
    await letterTable.close(tx, letter.position, closing);
    const { name, subject } = letter;
    tx.afterCommit(() => {
      this.#change(letter, -1);
      if (isStopping(letter)) this.#stopped.delete(stopKey(name, subject));
    });
  }

  /** The newest letter with an id, open or closed. */
  async find(sql: Sql, id: string): Promise<FiledLetter | undefined> {
    return (await letterTable.history(sql, id, 1))[0];
  }

  async #makeRoom(tx: Transaction, letter: Letter): Promise<boolean> {
    if (!(await letterTable.removeOldestExpired(tx, letter.queue, letter.name))) return false;
    tx.afterCommit(() => this.#change(letter, -1));
    return true;
  }

  #count(queue: LetterQueue, name: string): number {
    return this.#counts.get(keyOf({ queue, name }))?.count ?? 0;
  }

  #change({ queue, name }: Pick<Letter, 'queue' | 'name'>, change: number): void {
    this.#counts.set(keyOf({ queue, name }), { queue, name, count: this.#count(queue, name) + change });
  }
}

/** Only envelopes have a conversation that waits behind them. */
function isStopping({ queue, reason }: Letter): boolean {
  return queue === 'peer' && STOPPING.includes(reason);
}

function keyOf({ queue, name }: Pick<Letter, 'queue' | 'name'>): string {
  return `${queue} ${name}`;
}

function stopKey(peer: string, conversation: string): string {
  return `${peer} ${conversation}`;
}
