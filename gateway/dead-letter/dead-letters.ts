import { CodedError, type Problem } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import type { Closing, FiledLetter, LetterCount } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { type LetterFilter, letterTable } from './letter-table.ts';

/** Letters that one unit of work looks at when those that outlived themselves are put back. */
const AT_ONCE = 200;
/** Milliseconds that the clock of a peer may be behind ours. */
const SKEW_MS = 5 * 60_000;
/** Entries of the history of one letter that are shown. */
const HISTORY = 50;

/** The queue that a letter fell out of: what it can do for it. */
interface AnyKeeper {
  /** Gives it up for good, so that what stands behind it goes on. */
  drop(tx: Transaction, letter: FiledLetter): Promise<void>;
  /** What else can be said of an open letter; nothing of its content. */
  detail(sql: Sql, letter: FiledLetter): Promise<LetterDetail>;
}

/** Of a queue that takes its letters back at once. */
export interface LetterKeeper extends AnyKeeper {
  /**
   * Puts it back, or sends its content anew.
   *
   * @returns id of the envelope that was sent in its place; empty when it went back itself
   * @throws CodedError CONFLICT when that is not safe, saying what to do instead
   */
  retry(tx: Transaction, letter: FiledLetter): Promise<string>;
}

/** Of a queue for which trying again takes longer than a unit of work may. */
export interface PatientKeeper extends AnyKeeper {
  /**
   * Does anew what failed, and closes the letter with its success.
   *
   * @throws CodedError CONFLICT when it fails again and stays open, with the reasons; a retryable code when nothing was decided
   */
  redo(letter: FiledLetter, act: LetterAct): Promise<void>;
}

/** Who keeps the letters of each queue. */
export interface LetterKeepers {
  readonly peer: LetterKeeper;
  readonly platform: LetterKeeper;
  readonly intake: PatientKeeper;
}

/**
 * Of an envelope when it expires and how many wait behind it; of an event how often it failed and what was said; of a
 * submission how often and why it was refused.
 */
export interface LetterDetail {
  /** Milliseconds. */
  readonly expiresAt?: number;
  readonly waiting?: number;
  readonly attempts?: number;
  /** What the adapter said, or why we refuse; without data of the event or the submission. */
  readonly message?: string;
  /** Wrong fields of the submission. */
  readonly problems?: readonly Problem[];
  /** The key under which the platform handed the submission in. */
  readonly key?: string;
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
  readonly keepers: LetterKeepers;
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

  /** How many letters are open, by peer and platform. */
  counts(): LetterCount[] {
    return this.#options.book.counts();
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
   * Puts a letter back in its place, sends an envelope that expired anew, or does anew what a platform handed in.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is closed, when one before it is open, when that is not safe, or when it is
   *   refused again; and a retryable code
   */
  async retry(id: string, act: LetterAct): Promise<FiledLetter> {
    const { store, book, keepers } = this.#options;
    const found = await book.find(store.read, id);
    if (found?.queue === 'intake' && !found.closing) {
      await keepers.intake.redo(found, act);
      return (await book.find(store.read, id))!;
    }
    return this.#deal(id, act, 'retried', async (tx, letter) => {
      const earlier = letter.queue === 'peer' && (await letterTable.earlier(tx, letter));
      if (earlier) throw new CodedError('CONFLICT', `an earlier one of its conversation comes first: ${earlier.id}`);
      return keepers[letter.queue as 'peer' | 'platform'].retry(tx, letter);
    });
  }

  /**
   * Gives a letter up for good. Its sequence number is filled, and whoever sent it learns of it.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it is closed
   */
  drop(id: string, act: LetterAct): Promise<FiledLetter> {
    return this.#deal(id, act, 'dropped', async (tx, letter) => {
      await this.#options.keepers[letter.queue].drop(tx, letter);
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
    deal: (tx: Transaction, letter: FiledLetter) => Promise<string>,
  ): Promise<FiledLetter> {
    const { store, clock, book } = this.#options;
    return store.write(async (tx) => {
      const letter = await book.find(tx, id);
      if (!letter) throw unknown();
      if (letter.closing) throw new CodedError('CONFLICT', `it was ${letter.closing.outcome} before`);
      const successor = await deal(tx, letter);
      const closing = { outcome, successor, ...act, at: clock.now() };
      await book.close(tx, letter, closing);
      return { ...letter, closing };
    });
  }
}

function unknown(): CodedError {
  return new CodedError('NOT_FOUND', 'there is no dead letter with this id');
}
