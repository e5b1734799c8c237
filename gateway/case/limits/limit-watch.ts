import type { Store, Transaction } from '../../store/store.ts';
import type { EmitNews } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { acceptsBySilence } from './deemed.ts';
import { holderOf } from './limit-names.ts';
import { type DueLimit, limitEvent, limitTable, WHOLE } from './limit-table.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 30_000;
/** Milliseconds before what could not be told is tried again. */
const RETRY_MS = 60_000;
/** Limits in one unit of work. */
const BATCH = 100;

export interface LimitWatchOptions {
  /** Our own region. */
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly emit: EmitNews;
  /** Accepts a case of ours whose limit of acceptance has run out, in the unit of work that tells it. */
  readonly acceptBySilence: (tx: Transaction, file: CaseFile) => Promise<void>;
  /** Tells of the limit of a whole, in the unit of work that takes it as told. */
  readonly tellWhole: (tx: Transaction, due: DueLimit) => Promise<void>;
  /** A case is overdue: for the log. */
  readonly onOverdue: (conversation: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Watches the time limits of all cases (时限预警): warns before one runs out, and says once that it has, in the history of
 * the case and to the platforms. What is due stands in the store, so that a restart forgets nothing, and whoever tells it
 * first takes it, so that it is told once.
 */
export class LimitWatch {
  readonly #options: LimitWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: LimitWatchOptions) {
    this.#options = options;
  }

  /** Looks now and then twice a minute. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks once; looks that come while one is under way are that one. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { store, now, onError } = this.#options;
    try {
      for (;;) {
        const due = await limitTable.due(store.read, now(), BATCH);
        if (due.length > 0) await store.write((tx) => this.#tellAll(tx, due)).catch(() => this.#tellEach(due));
        if (due.length < BATCH) return;
      }
    } catch (error) {
      onError(error);
    }
  }

  async #tellAll(tx: Transaction, due: readonly DueLimit[]): Promise<void> {
    for (const one of due) await this.#tell(tx, one);
  }

  /** One by one, where not all can be told: what fails waits, and keeps no other case from being told. */
  async #tellEach(due: readonly DueLimit[]): Promise<void> {
    const { store, now, onError } = this.#options;
    for (const one of due) {
      try {
        await store.write((tx) => this.#tell(tx, one));
      } catch (error) {
        onError(error);
        await store.write((tx) => limitTable.defer(tx, one, now() + RETRY_MS));
      }
    }
  }

  async #tell(tx: Transaction, due: DueLimit): Promise<void> {
    if (!(await limitTable.told(tx, due))) return;
    const { conversation, name, dueAt, stage } = due;
    if (name === WHOLE) {
      if (stage === 'overdue') tx.afterCommit(() => this.#options.onOverdue(conversation));
      return this.#options.tellWhole(tx, due);
    }
    const file = await caseRepository.find(tx, conversation);
    if (!file) return;
    const { region, emit, now, onOverdue, acceptBySilence } = this.#options;
    const at = now();
    const limits = file.document.limits.map((limit) =>
      stage === 'overdue' && limit.name === name ? { ...limit, isLate: true as const } : limit,
    );
    const { role, peer, number, state } = file;
    const changed = { ...file, version: file.version + 1, document: { ...file.document, limits }, updatedAt: at };
    await caseRepository.update(tx, changed);
    const event = limitEvent(stage);
    const holder = holderOf(name, file.mode);
    const data = { limit: name, dueAt, holder };
    // Whoever holds the case meanwhile: that nobody acted is the point.
    const actor = holder === role ? region : peer;
    await caseRepository.addEvent(tx, conversation, {
      n: changed.version,
      event,
      actor,
      at,
      state,
      envelope: '',
      data,
    });
    await emit(tx, { conversation, number, peer, event, actor, state, at, limit: name, dueAt });
    if (stage === 'overdue') tx.afterCommit(() => onOverdue(conversation));
    if (acceptsBySilence(changed, due)) await acceptBySilence(tx, changed);
  }
}
