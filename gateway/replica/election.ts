import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#proto';
import type { Leader, Leadership } from '../store/postgres/index.ts';
import type { Log } from '../telemetry/log.ts';

/** Milliseconds between two looks at the leader, and between two of its signs of life. */
const TICK_MS = 500;
/** A leader without a sign for so many milliseconds, and so many looks, is frozen or cut off. */
const SILENT_MS = 4_000;
const SILENT_LOOKS = 6;

export interface ElectionOptions {
  readonly log: Log;
  /** Name of this replica, and 'host:port' where the others reach it while it leads. */
  readonly name: string;
  readonly address: string;
  /** Connects to the database. */
  readonly open: () => Promise<Leadership>;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** Somebody leads, or nobody is known to. */
  readonly onLeader: (leader: Leader | undefined) => void;
  /**
   * Whether this replica may take the lead from the one that leads or led last.
   *
   * @param isAtWork whether that one showed a sign of life since we look
   */
  readonly mayLead: (leader: Leader, isAtWork: boolean) => Promise<boolean>;
  /** Whether this replica could lead at once; until then it leaves the lead to others. */
  readonly isPrepared: () => boolean;
  /** Called before anybody hears that this replica leads. */
  readonly prepare: (term: string) => Promise<void>;
  /**
   * Leads until `lost` says that the lead is gone, and then ends at once; `stopping` asks to end in good order. Whenever
   * it returns, the lead is given back.
   */
  readonly lead: (leader: Leader, lost: AbortSignal, stopping: AbortSignal) => Promise<void>;
  /** What the leader hears of the others with each sign of life. */
  readonly onOthers: (others: Readonly<Record<string, boolean>>) => void;
}

/**
 * Who leads: stands by until the lead is free, takes it, and stands by again when it is lost. A leader that shows no
 * sign of life is deposed. Only the clock of this process counts, and only between what it saw itself.
 */
export class Election {
  readonly #options: ElectionOptions;
  readonly #stopping = new AbortController();
  #leadership: Leadership | undefined;
  #running: Promise<void> = Promise.resolve();
  #blocked = false;
  /** A newer program led, and the tables are its own: this one only passes on. */
  #isOutdated = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** Begins with a connection that was opened. @param onFailed told once when this replica cannot go on */
  start(leadership: Leadership, onFailed: (error: unknown) => void): void {
    this.#leadership = leadership;
    this.#running = this.#run().catch(onFailed);
  }

  /** Gives the lead back, after whoever leads has ended, and leaves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#leadership?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#leadership ??= await this.#options.open();
        await this.#standAndLead(this.#leadership);
      } catch (error) {
        if (isNewerData(error)) this.#retire();
        else if (!isPassing(error)) throw error;
        else this.#options.log.warn({ err: error }, 'the database cannot be asked who leads; it is tried again');
      }
      if (signal.aborted) return;
      this.#leadership?.drop();
      this.#leadership = undefined;
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #retire(): void {
    this.#isOutdated = true;
    this.#options.log.error(
      { replica: this.#options.name },
      'a newer program has led: this one only passes connections on; upgrade it',
    );
  }

  async #standAndLead(leadership: Leadership): Promise<void> {
    const term = await this.#standBy(leadership);
    if (term === undefined) return;
    await this.#options.prepare(term);
    const leader = await leadership.announce(term, this.#options.address);
    this.#options.log.info({ replica: leader.name }, 'this replica leads');
    await this.#leadWith(leadership, leader);
    this.#options.log.info({ replica: leader.name }, 'this replica leads no more');
  }

  /** @returns the term of our own lead; undefined when we stop */
  async #standBy(leadership: Leadership): Promise<string | undefined> {
    const { signal } = this.#stopping;
    let seen: { leader: Leader | undefined; at: number; looks: number } | undefined;
    while (!signal.aborted) {
      const leader = await leadership.look();
      const at = this.#options.monotonic();
      this.#options.onLeader(leader);
      const isNew = !seen || !isSame(seen.leader, leader);
      if (leader && (isNew || this.#blocked))
        this.#blocked = !(await this.#options.mayLead(leader, isNew && seen !== undefined));
      if (isNew || !seen) seen = { leader, at, looks: 1 };
      else seen.looks += 1;
      if (!this.#blocked && !this.#isOutdated) {
        if (this.#options.isPrepared() && (await leadership.claim())) return randomUUID();
        if (at - seen.at >= SILENT_MS && seen.looks >= SILENT_LOOKS) {
          this.#options.log.warn(
            { replica: leader?.name ?? 'unknown' },
            'the leader shows no sign of life: it is deposed',
          );
          await leadership.depose();
          seen = undefined;
        }
      }
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  /** Shows signs of life until the work of the leader ends, and ends it when the lead is lost. */
  async #leadWith(leadership: Leadership, leader: Leader): Promise<void> {
    const { lead, onOthers } = this.#options;
    const lost = new AbortController();
    const ended = new AbortController();
    void leadership.lost.then(() => lost.abort());
    const work = lead(leader, lost.signal, this.#stopping.signal).finally(() => ended.abort());
    // It is waited for below; until then nobody else minds how it ends.
    work.catch(() => undefined);
    const over = AbortSignal.any([ended.signal, lost.signal]);
    while (!over.aborted) {
      try {
        const others = await leadership.beat(leader.term);
        if (others) onOthers(others);
        else lost.abort();
      } catch {
        lost.abort();
      }
      await pause(TICK_MS, undefined, { signal: over }).catch(() => undefined);
    }
    await work;
  }
}

/** What goes away by itself: the database restarts, or our own earlier connection has not ended yet. */
function isPassing(error: unknown): boolean {
  return error instanceof CodedError && ['STORE_UNAVAILABLE', 'STORE_IN_USE', 'CONFLICT'].includes(error.code);
}

function isNewerData(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'STORE_VERSION';
}

function isSame(one: Leader | undefined, other: Leader | undefined): boolean {
  return one?.term === other?.term && one?.beat === other?.beat;
}
