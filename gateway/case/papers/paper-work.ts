import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '#proto';
import { AuthorizationError } from '#trust';
import type { Settled } from '../../outbound/context.ts';
import type { Store, Transaction } from '../../store/store.ts';
import type { CaseNews } from '../case-changes.ts';
import type { CasePapers } from './case-papers.ts';
import { KINDS_OF_PAPER } from './paper-kinds.ts';
import { paperTable } from './paper-table.ts';

export interface PaperWorkOptions {
  /** Our own region. */
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly papers: () => Pick<CasePapers, 'settle'>;
  /** Notices of a case, or of none in particular, could not be made or told: for the log. */
  readonly onError: (conversation: string | undefined, error: unknown) => void;
}

/** Events after which there may be something to make or to tell. */
const OCCASIONS: ReadonlySet<string> = new Set([
  ...Object.values(KINDS_OF_PAPER).map(({ event }) => event),
  'transfer',
]);
/** Milliseconds between two looks for what was put off. */
const LOOK_MS = 60_000;
/** Milliseconds after which a try is taken up again that ended without success, or with its gateway. */
const AGAIN_MS = { first: 60_000, most: 60 * 60_000 } as const;
/** Tries of one case. */
const MAX_TRIES = 100;
/** For each millisecond that making takes, so many of rest: other work of the gateway goes first. */
const REST = { each: 9, most: 10_000 } as const;

/**
 * Has notices made that are owed (待出文书), one case after the other: it follows the acts and never holds one up. What is
 * owed stands in the store, so that a restart goes on where the last run ended, and one of several gateways takes it.
 */
export class PaperWork {
  readonly #options: PaperWorkOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isWoken = false;
  #running: Promise<void> | undefined;

  constructor(options: PaperWorkOptions) {
    this.#options = options;
  }

  /** Takes up what earlier runs left, and everything that comes. */
  start(): void {
    this.#timer = setInterval(() => this.#wake(), LOOK_MS).unref();
    this.#wake();
  }

  /** Waits for the case under way; the next start goes on with the rest. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Something happened to a case: in its unit of work it is written down that a notice may be owed. */
  async heard(tx: Transaction, { conversation, event, actor }: CaseNews): Promise<void> {
    const { region, now } = this.#options;
    if (actor !== region || !OCCASIONS.has(event)) return;
    await paperTable.owe(tx, conversation, now());
    tx.afterCommit(() => this.#timer && this.#wake());
  }

  /** The fate of a message that told of a notice. @returns false when it told of something else */
  async settled(tx: Transaction, { conversation, id, name, code }: Settled): Promise<boolean> {
    return name === 'CaseNote' && code !== '' && paperTable.refused(tx, conversation, id, code);
  }

  #wake(): void {
    if (this.#stopped.signal.aborted) return;
    this.#isWoken = true;
    this.#running ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    const { signal } = this.#stopped;
    while (this.#isWoken && !signal.aborted) {
      this.#isWoken = false;
      try {
        await this.#run(signal);
      } catch (error) {
        if (!signal.aborted) this.#options.onError(undefined, error);
      }
    }
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, now } = this.#options;
    while (!signal.aborted) {
      const due = await paperTable.next(store.read, now());
      if (!due) return;
      const began = now();
      const again = began + Math.min(AGAIN_MS.first * 2 ** due.tries, AGAIN_MS.most);
      if (!(await store.write((tx) => paperTable.putOff(tx, due, again)))) continue;
      if (await this.#try(due.conversation, due.tries)) await store.write((tx) => paperTable.done(tx, due));
      const rest = Math.min(REST.each * (now() - began), REST.most);
      await sleep(rest, undefined, { signal, ref: false });
    }
  }

  /** @returns whether nothing is left to try */
  async #try(conversation: string, tries: number): Promise<boolean> {
    try {
      await this.#options.papers().settle(conversation);
      return true;
    } catch (error) {
      this.#options.onError(conversation, error);
      return isFinal(error) || tries >= MAX_TRIES;
    }
  }
}

/** What trying again cannot change. */
function isFinal(error: unknown): boolean {
  return error instanceof AuthorizationError || (error instanceof CodedError && error.code === 'RENDITION_UNSUPPORTED');
}
