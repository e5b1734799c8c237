import { PlatformError } from '#adapters';
import { CodedError } from '#proto';
import type { EmitNews } from '../case/case-changes.ts';
import type { CaseFile } from '../case/case-file.ts';
import type { CaseService } from '../case/case-service.ts';
import type { ServicesConfig } from '../config/services-config.ts';
import type { Store } from '../store/store.ts';
import { type AskLocker, lookIntoLocker } from './locker-look.ts';
import { type AskPost, lookForParcels } from './parcel-look.ts';
import { type Watched, type WatchedService, watchTable } from './watch-table.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 60_000;
/** Milliseconds after which a service that gave no answer is asked again. */
const RETRY_MS = 5 * 60_000;
/** Cases in one look that are in memory, and of those asked about at once. */
const BATCH = 100;
export const WATCHED_AT_ONCE = 4;

export interface ServiceWatchOptions {
  readonly region: string;
  readonly store: Store;
  readonly now: () => number;
  readonly config: Pick<ServicesConfig, 'parcels' | 'lockers'>;
  readonly cases: () => Pick<CaseService, 'demand' | 'note'>;
  /** What of the region can be asked now; each undefined where there is no such platform. */
  readonly parcels: () => AskPost | undefined;
  readonly locker: () => AskLocker | undefined;
  /** Whether a service is likely to answer. */
  readonly isAnswering: (service: WatchedService) => boolean;
  readonly onNoted: (conversation: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Asks the post and the lockers of the region what became of what was given to them, and notes it with the case. What is
 * asked about stands in the store, and what was found stands in the case: a restart forgets nothing and notes nothing twice.
 */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  readonly #aborted = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
  }

  /** Begins to ask where something was given to a service, in the unit of work that says so. */
  readonly heard: EmitNews = async (tx, { conversation, event, actor }) => {
    const { region, parcels, locker, config, now } = this.#options;
    const since = now();
    if (event === 'paper-sent' && parcels())
      await watchTable.begin(tx, { service: 'parcels', conversation, since }, since + config.parcels.everyMs);
    if (event === 'deliver' && actor === region && locker())
      await watchTable.begin(tx, { service: 'locker', conversation, since }, since + config.lockers.everyMs);
  };

  /** Whether the result of a case was ordered into a locker of ours and is not known to be out of it. */
  isInLocker(conversation: string): Promise<boolean> {
    return watchTable.has(this.#options.store.read, 'locker', conversation);
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Breaks off what is asked, and waits until everything settled. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#aborted.abort();
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
    const { store, now, isAnswering, onError } = this.#options;
    try {
      for (;;) {
        const due = await watchTable.due(store.read, now(), BATCH);
        const left = [...due];
        const tend = async () => {
          for (let one = left.shift(); one && !this.#aborted.signal.aborted; one = left.shift()) await this.#tend(one);
        };
        const ends = await Promise.allSettled(Array.from({ length: WATCHED_AT_ONCE }, tend));
        const failed = ends.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
        if (failed) throw failed.reason;
        const isInVain = due.every(({ service }) => !isAnswering(service));
        if (due.length < BATCH || isInVain || this.#aborted.signal.aborted) return;
      }
    } catch (error) {
      onError(error);
    }
  }

  async #tend(watched: Watched): Promise<void> {
    const { store, now, config } = this.#options;
    const { everyMs, forMs } = watched.service === 'parcels' ? config.parcels : config.lockers;
    const outcome = now() - watched.since > forMs ? 'ended' : await this.#ask(watched);
    await store.write((tx) =>
      outcome === 'ended'
        ? watchTable.end(tx, watched)
        : watchTable.defer(tx, watched, now() + (outcome === 'open' ? everyMs : Math.min(everyMs, RETRY_MS))),
    );
  }

  async #ask({ service, conversation }: Watched): Promise<'ended' | 'open' | 'unknown'> {
    const { cases, parcels, locker, onNoted, onError } = this.#options;
    const { signal } = this.#aborted;
    const note = async (...[kind, input]: NoteArguments) => {
      await cases().note(conversation, kind, input);
      onNoted(conversation);
    };
    try {
      const file = await caseOf(cases(), conversation);
      if (!file || file.erasedAt !== undefined) return 'ended';
      const [post, box] = [parcels(), locker()];
      if (service === 'parcels') return post ? await lookForParcels(file, { ask: post, note, signal }) : 'unknown';
      return box ? await lookIntoLocker(file, { ask: box, note, signal }) : 'unknown';
    } catch (error) {
      // That a platform is away is known by its metrics; that it is not understood, by nobody else.
      if (!(error instanceof PlatformError && error.retryable)) onError(error);
      return 'unknown';
    }
  }
}

type NoteArguments = [kind: 'parcel-moved' | 'delivery-confirmed', input: object];

async function caseOf(cases: Pick<CaseService, 'demand'>, conversation: string): Promise<CaseFile | undefined> {
  try {
    return await cases.demand(conversation);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
