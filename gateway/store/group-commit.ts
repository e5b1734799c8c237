import { CodedError } from '#proto';
import type { Row, Sql, Transaction, Value } from './store.ts';
import type { Vault } from './vault/vault.ts';

/** Units of work that share one commit, at most. */
const GROUP = 256;
/** Units of work that may wait: more means that the database stands still while the doors are open. */
export const WORKS_WAITING = 65_536;
/**
 * Statements after which the network has a turn. SQLite never waits: without turns a group would hold up the frames that
 * the peer needs to go on, and the two gateways would work in alternation.
 */
const STATEMENTS_PER_TURN = 256;

/** The one connection of a database that writes. */
export interface WriteConnection extends Sql {
  begin(): Promise<void>;
  /** @throws unless the transaction is durable: then nothing of it was kept */
  commit(): Promise<void>;
  /** Never throws: a transaction that is gone already needs no undoing. */
  rollBack(): Promise<void>;
  /** Begins a part that may be undone by itself; parts stand inside one another. */
  savepoint(): Promise<void>;
  release(): Promise<void>;
  /** Undoes the innermost part, and ends it. */
  undoPart(): Promise<void>;
  /** Whether a transaction is under way. */
  readonly isIntact: boolean;
  /** What a statement failed with, where the database lets nothing follow it until its part is undone. */
  readonly failure: Error | undefined;
  /** Grows with what the transaction changed, undone changes included. */
  readonly changes: number;
}

/** What a failed part takes with it: itself, by a savepoint, or its whole group, which is then run again. */
type Undo = 'part' | 'group';

interface Pending {
  readonly work: (tx: Transaction) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** A queue that turns waiting works into groups, each one transaction of the writing connection. */
export class GroupCommit {
  readonly #writer: WriteConnection;
  readonly #waiting: Pending[] = [];
  readonly #turns = new Turns();
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(writer: WriteConnection) {
    this.#writer = writer;
  }

  /** @see Store.write */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new CodedError('SHUTTING_DOWN'));
    if (this.#waiting.length >= WORKS_WAITING)
      return Promise.reject(new CodedError('BACK_PRESSURE', 'too many units of work wait for the database'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#draining ??= this.#drain();
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Until no work is under way or waits. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /** Takes no further works, and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    do {
      // Callers of this turn of the event loop join the group, and the network has its turn between two groups.
      await new Promise(setImmediate);
      await this.#commitGroup(this.#waiting.splice(0, GROUP));
    } while (this.#waiting.length > 0);
    this.#draining = undefined;
  }

  /**
   * Savepoints cost more than what most works write, and few works fail after they wrote: a group goes without them
   * first, and from its start with them when something has to be undone.
   */
  async #commitGroup(group: readonly Pending[]): Promise<void> {
    let settle: (() => void)[];
    try {
      settle = (await this.#runAll(group, 'group')) ?? (await this.#runAll(group, 'part'))!;
      await this.#writer.commit();
    } catch (error) {
      await this.#writer.rollBack();
      for (const pending of group) pending.reject(error);
      return;
    }
    for (const tell of settle) tell();
  }

  /** @returns what to do after the commit; nothing when the group was undone */
  async #runAll(group: readonly Pending[], undo: Undo): Promise<(() => void)[] | undefined> {
    const settle: (() => void)[] = [];
    await this.#writer.begin();
    for (const pending of group) {
      const tell = await this.#runOne(pending, undo);
      if (!tell) {
        await this.#writer.rollBack();
        return undefined;
      }
      settle.push(tell);
    }
    return settle;
  }

  /**
   * Runs one work, so that its failure undoes only itself.
   *
   * @returns what to do after the commit; nothing when the whole group has to be undone and run again
   * @throws the work's error when the database undid the whole transaction with it
   */
  #runOne(pending: Pending, undo: Undo): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      const tx = new GroupedTransaction(this.#writer, this.#turns, undo, () => resolve(undefined));
      tx.attempt(() => pending.work(tx)).then(
        (result) => resolve(() => tellCommitted(pending, tx.effects, result)),
        (error) => {
          if (this.#writer.isIntact) resolve(() => pending.reject(error));
          else reject(error);
        },
      );
    });
  }
}

/** An effect that throws against its duty must not stop the store: its own work's caller learns of it. */
function tellCommitted(pending: Pending, effects: readonly (() => void)[], result: unknown): void {
  try {
    for (const effect of effects) effect();
    pending.resolve(result);
  } catch (error) {
    pending.reject(error);
  }
}

/** Counts the statements of all works, and gives the event loop a turn now and then. */
class Turns {
  #statements = 0;

  /** Passes the outcome of a statement on, after a turn if it is time for one. */
  take<T>(outcome: Promise<T>): Promise<T> {
    this.#statements += 1;
    return this.#statements % STATEMENTS_PER_TURN === 0 ? afterTurn(outcome) : outcome;
  }
}

async function afterTurn<T>(outcome: Promise<T>): Promise<T> {
  const value = await outcome;
  await new Promise(setImmediate);
  return value;
}

class GroupedTransaction implements Transaction {
  readonly effects: (() => void)[] = [];
  readonly #connection: WriteConnection;
  readonly #turns: Turns;
  readonly #undo: Undo;
  readonly #onGivenUp: () => void;
  #givenUp = false;

  /** @param onGivenUp the work goes no further: its group is to be undone */
  constructor(connection: WriteConnection, turns: Turns, undo: Undo, onGivenUp: () => void) {
    this.#connection = connection;
    this.#turns = turns;
    this.#undo = undo;
    this.#onGivenUp = onGivenUp;
  }

  get vault(): Vault {
    return this.#connection.vault;
  }

  all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    return this.#turns.take(this.#live().all<R>(text, ...values));
  }

  get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    return this.#turns.take(this.#live().get<R>(text, ...values));
  }

  run(text: string, ...values: Value[]): Promise<number> {
    return this.#turns.take(this.#live().run(text, ...values));
  }

  async attempt<T>(part: () => Promise<T>): Promise<T> {
    const effects = this.effects.length;
    try {
      return await (this.#undo === 'part' ? this.#underSavepoint(part) : this.#orGiveUp(part));
    } catch (error) {
      this.effects.length = effects;
      throw error;
    }
  }

  async #underSavepoint<T>(part: () => Promise<T>): Promise<T> {
    await this.#connection.savepoint();
    try {
      const result = await part();
      this.#demandSound();
      await this.#connection.release();
      return result;
    } catch (error) {
      if (this.#connection.isIntact) await this.#connection.undoPart();
      throw error;
    }
  }

  /** A part that fails before it wrote leaves nothing to undo. After it, the promise stays open: nothing follows. */
  async #orGiveUp<T>(part: () => Promise<T>): Promise<T> {
    const before = this.#connection.changes;
    try {
      const result = await part();
      this.#demandSound();
      return result;
    } catch (error) {
      if (!this.#givenUp && this.#isUntouched(before)) throw error;
      this.#givenUp = true;
      this.#onGivenUp();
      return new Promise(() => {});
    }
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect);
  }

  /** A failed statement fails its part, also when the work did not mind. */
  #demandSound(): void {
    if (this.#connection.failure) throw this.#connection.failure;
  }

  #isUntouched(changesBefore: number): boolean {
    const { changes, failure, isIntact } = this.#connection;
    return changes === changesBefore && !failure && isIntact;
  }

  /** A database may undo a whole transaction by itself; what came after would then be committed alone. */
  #live(): WriteConnection {
    if (this.#givenUp) throw new Error('the work was given up and will be run again');
    if (!this.#connection.isIntact) throw new Error('the database undid the whole transaction');
    return this.#connection;
  }
}
