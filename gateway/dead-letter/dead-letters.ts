import { CodedError } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import type { Closing, FiledLetter, LetterQueue } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { type LetterFilter, letterTable } from './letter-table.ts';

/** Letters that one unit of work looks at when those that outlived themselves are put back. */
const AT_ONCE = 200;
/** Milliseconds that the clock of a peer may be behind ours. */
const SKEW_MS = 5 * 60_000;
/** Entries of the history of one letter that are shown. */
const HISTORY = 50;

/** The queue that a letter fell out of: what it can do for it. */
export interface LetterKeeper {
  /**
   * Puts it back, or sends its content anew.
   *
   * @returns id of the envelope that was sent in its place; empty when it went back itself
   * @throws CodedError CONFLICT when that is not safe, saying what to do instead
   */
  retry(tx: Transaction, letter: FiledLetter): Promise<string>;
  /** Gives it up for good, so that what stands behind it goes on. */
  drop(tx: Transaction, letter: FiledLetter): Promise<void>;
  /** What else can be said of an open letter; nothing of its content. */
  detail(sql: Sql, letter: FiledLetter): Promise<LetterDetail>;
}

/** Of an envelope when it expires and how many wait behind it; of an event how often it failed and what was said. */
export interface LetterDetail {
  /** Milliseconds. */
  readonly expiresAt?: number;
  readonly waiting?: number;
  readonly attempts?: number;
  /** What the adapter said, without data of the event. */
  readonly message?: string;
}

/** A letter with all that there is to know about it. */
export interface ShownLetter {
  readonly letter: FiledLetter;
  readonly detail: LetterDetail;
  /** What was done about it before, the newest first. */
  readonly earlier: readonly FiledLetter[];
}

/** Who deals with a letter, and why. */
export interface LetterAct {
  /** Subject of the token. */
  readonly by: string;
  readonly role: string;
  readonly reason: string;
}

export interface DeadLettersOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly book: LetterBook;
  readonly keepers: Readonly<Record<LetterQueue, LetterKeeper>>;
}

/** What operators do about dead letters (死信): look, retry, drop. What is done is written beside the letter for good. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Newest first, below a position of the book. */
  list(filter: LetterFilter, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<FiledLetter[]> {
    return letterTable.list(this.#options.store.read, filter, limit, before);
  }

  /** @throws CodedError NOT_FOUND */
  async show(id: string): Promise<ShownLetter> {
    const { store, keepers } = this.#options;
    const [letter, ...earlier] = await letterTable.history(store.read, id, HISTORY);
    if (!letter) throw unknown();
    const detail = letter.closing ? {} : await keepers[letter.queue].detail(store.read, letter);
    return { letter, detail, earlier };
  }

  /**
   * Puts a letter back in its place, or sends an envelope that expired anew.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is closed, when one before it is open, or when that is not safe
   */
  retry(id: string, act: LetterAct): Promise<FiledLetter> {
    return this.#deal(id, act, 'retried', async (tx, letter, keeper) => {
      const earlier = letter.queue === 'peer' && (await letterTable.earlier(tx, letter));
      if (earlier) throw new CodedError('CONFLICT', `an earlier one of its conversation comes first: ${earlier.id}`);
      return keeper.retry(tx, letter);
    });
  }

  /**
   * Gives a letter up for good. Its sequence number is filled, and whoever sent it learns of it.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is closed
   */
  drop(id: string, act: LetterAct): Promise<FiledLetter> {
    return this.#deal(id, act, 'dropped', async (tx, letter, keeper) => {
      await keeper.drop(tx, letter);
      return '';
    });
  }

  /**
   * Puts envelopes back that nobody dealt with and that have expired: the peer says so, and their conversations go on.
   *
   * @returns how many
   */
  async tend(): Promise<number> {
    const { store, clock, book, keepers } = this.#options;
    const now = clock.now();
    return store.write(async (tx) => {
      const outlived = await letterTable.outlived(tx, now - SKEW_MS, AT_ONCE);
      for (const letter of outlived) {
        await keepers.peer.retry(tx, letter);
        await book.close(tx, letter, { outcome: 'expired', successor: '', by: '', role: '', reason: '', at: now });
      }
      return outlived.length;
    });
  }

  async #deal(
    id: string,
    act: LetterAct,
    outcome: Closing['outcome'],
    deal: (tx: Transaction, letter: FiledLetter, keeper: LetterKeeper) => Promise<string>,
  ): Promise<FiledLetter> {
    const { store, clock, book, keepers } = this.#options;
    return store.write(async (tx) => {
      const letter = await book.find(tx, id);
      if (!letter) throw unknown();
      if (letter.closing) throw new CodedError('CONFLICT', `it was ${letter.closing.outcome} before`);
      const successor = await deal(tx, letter, keepers[letter.queue]);
      const closing = { outcome, successor, ...act, at: clock.now() };
      await book.close(tx, letter, closing);
      return { ...letter, closing };
    });
  }
}

function unknown(): CodedError {
  return new CodedError('NOT_FOUND', 'there is no dead letter with this id');
}
