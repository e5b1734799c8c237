import { setTimeout } from 'node:timers/promises';
import { CodedError, ERROR_CODES } from '#proto';
import {
  type AdapterContext,
  PlatformError,
  type Submission,
  type SubmissionOutcome,
  type SubmissionSource,
  type Submit,
  type TakenOutcome,
} from '../../adapter.ts';
import { Lanes } from '../../lanes.ts';
import { understand } from '../../mapping/understand.ts';
import { PAUSING } from '../../outcomes.ts';
import { canonicalText, valueAt } from '../json.ts';
import { keyed, keyOf, type RecordReader } from '../records.ts';
import { type Pager, pagerOf } from './pages.ts';
import { DEFAULT_AT_ONCE, DEFAULT_EVERY_MS, DEFAULT_MOST, type PollConfig } from './poll-config.ts';

/** Answers of one round: a list that says it goes on for ever is asked again in the next. */
const MAX_PAGES = 1_000;
/** Records that are remembered as settled, so that a list that repeats them costs nothing. */
const REMEMBERED = 10_000;

/** How often, how much, and which record is which, whatever the list is read with. */
export type RoundsConfig = Pick<PollConfig, 'every_ms' | 'key' | 'lane' | 'pages' | 'most' | 'at_once'> & {
  readonly ack?: unknown;
};

/** A list of records at a platform. */
export interface RecordList {
  /**
   * @param place value of the parameter of the pages
   * @throws PlatformError
   */
  page(
    place: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly answer: unknown; readonly records: readonly unknown[] }>;
  /** Called only when the settings have `ack`. @throws PlatformError */
  acknowledge(key: string, record: unknown, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void>;
}

/** One round: what it may not go on with. */
interface Round {
  readonly held: Set<string>;
  paused: boolean;
  isBehind: boolean;
  taken: number;
}

/**
 * Fetches records from a list, round after round. Records of one case go one after another in the order of the list, those
 * of different cases side by side. The place in the list moves on only past answers whose records were all decided; what
 * is fetched twice has the same key.
 */
export class PollSource implements SubmissionSource {
  readonly #config: RoundsConfig;
  readonly #reader: RecordReader;
  readonly #list: RecordList;
  readonly #context: AdapterContext;
  readonly #pager: Pager;
  readonly #stopping = new AbortController();
  readonly #settled = new Set<string>();
  #isStuck = false;
  /** The place that is kept in the store. */
  #kept: string | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(config: RoundsConfig, list: RecordList, reader: RecordReader, context: AdapterContext) {
    this.#config = config;
    this.#reader = reader;
    this.#list = list;
    this.#context = context;
    this.#pager = pagerOf(config.pages);
  }

  async start(submit: Submit): Promise<void> {
    this.#running = this.#rounds(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  again(key: string, document: unknown): Promise<Submission> {
    return understand(key, document, this.#reader.mapping, this.#reader.openFile);
  }

  async told(key: string, document: unknown, outcome: TakenOutcome): Promise<void> {
    if (this.#config.ack) await this.#list.acknowledge(key, document, outcome, this.#stopping.signal);
  }

  async #rounds(submit: Submit): Promise<void> {
    const { signal } = this.#stopping;
    const { every_ms: everyMs = DEFAULT_EVERY_MS } = this.#config;
    while (!signal.aborted) {
      let waitMs = everyMs;
      try {
        if (await this.#round(submit)) waitMs = 0;
      } catch (error) {
        if (signal.aborted) return;
        waitMs = Math.max(everyMs, (error instanceof PlatformError && error.retryAfterMs) || 0);
        this.#log('the list of the platform cannot be read', error);
      }
      await setTimeout(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns whether there is more to take at once */
  async #round(submit: Submit): Promise<boolean> {
    const { most = DEFAULT_MOST } = this.#config;
    const round: Round = { held: new Set(), paused: false, isBehind: false, taken: 0 };
    let place = this.#pager.begin(await this.#recall());
    const been = new Set([place]);
    while (been.size <= MAX_PAGES) {
      const { answer, records } = await this.#page(place);
      await this.#take(records, round, submit);
      const { next, kept, isStuck = false } = this.#pager.after(place, answer, records);
      this.#tellStuck(isStuck);
      if (!round.isBehind) await this.#keep(next ?? kept);
      if (round.paused || this.#stopping.signal.aborted || next === undefined) return false;
      if (been.has(next)) break;
      if (round.taken >= most) return !round.isBehind;
      place = next;
      been.add(place);
    }
    this.#log('the list of the platform does not end; it goes on in the next round');
    return false;
  }

  /** Says it once until the list goes on. */
  #tellStuck(isStuck: boolean): void {
    const isNews = isStuck && !this.#isStuck;
    this.#isStuck = isStuck;
    if (isNews)
      this.#context.log.error(
        { adapter: this.#reader.platform },
        'more records of the list are as new as each other than one page holds, so that those behind are not read: have larger pages answered',
      );
  }

  /** A place that the platform does not know any more is given up, where the list begins anew after its end. */
  async #page(place: string | undefined): Promise<Awaited<ReturnType<RecordList['page']>>> {
    try {
      return await this.#list.page(this.#pager.parameter(place), this.#stopping.signal);
    } catch (error) {
      const isRefused = error instanceof PlatformError && !error.retryable;
      if (isRefused && this.#pager.isAnew) await this.#keep(undefined);
      throw error;
    }
  }

  /** Takes the records of one answer as far as they go. Whatever fails holds up its own lane until the next round. */
  async #take(records: readonly unknown[], round: Round, submit: Submit): Promise<void> {
    const lanes = new Lanes(this.#config.at_once ?? DEFAULT_AT_ONCE);
    for (const record of records) {
      if (round.paused || this.#stopping.signal.aborted) {
        round.isBehind = true;
        break;
      }
      const one = keyed(record, { paths: this.#config.key }, this.#reader);
      if (this.#settled.has(stateOf(one, record))) continue;
      const submission = await one.understand();
      const lane = this.#laneOf(record) ?? submission.key;
      round.taken += 1;
      await lanes.add(lane, () => this.#hand(submission, record, lane, round, submit));
    }
    await lanes.idle();
  }

  #laneOf(record: unknown): string | undefined {
    const value = this.#config.lane === undefined ? undefined : valueAt(record, this.#config.lane);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  }

  async #hand(submission: Submission, record: unknown, lane: string, round: Round, submit: Submit): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted || round.paused || round.held.has(lane)) {
      round.isBehind = true;
      return;
    }
    try {
      const outcome = await submit(submission, signal);
      if (!outcome.ok && ERROR_CODES[outcome.code].retryable) throw new CodedError(outcome.code);
      await this.#acknowledge(submission, record, outcome);
    } catch (error) {
      round.isBehind = true;
      round.held.add(lane);
      if (error instanceof CodedError && PAUSING.has(error.code)) round.paused = true;
      this.#log('a record was not taken and will be tried again', error);
    }
  }

  /**
   * Tells the platform, where it wants to know. A list that does not know by that what we have, or that we go on in from a
   * kept place, repeats it, while one before it has to wait: then it is remembered.
   */
  async #acknowledge(submission: Submission, record: unknown, outcome: SubmissionOutcome): Promise<void> {
    if (this.#config.ack) await this.#tell(submission.key, record, outcome);
    if (this.#config.ack && this.#pager.isAnew) return;
    this.#settled.add(stateOf(submission, record));
    if (this.#settled.size > REMEMBERED) this.#settled.delete(this.#settled.values().next().value!);
  }

  async #tell(key: string, record: unknown, outcome: SubmissionOutcome): Promise<void> {
    try {
      await this.#list.acknowledge(key, record, outcome, this.#stopping.signal);
    } catch (error) {
      if (!(error instanceof PlatformError) || error.retryable) throw error;
      this.#log('the platform does not take the acknowledgement of a record', error);
    }
  }

  async #recall(): Promise<string | undefined> {
    if (!this.#config.pages) return undefined;
    const text = await this.#context.state!.read();
    this.#kept =
      text === undefined ? undefined : ((JSON.parse(text) as { readonly place?: string }).place ?? undefined);
    return this.#kept;
  }

  async #keep(place: string | undefined): Promise<void> {
    if (!this.#config.pages || place === this.#kept) return;
    await this.#context.state!.write(JSON.stringify({ place }));
    this.#kept = place;
  }

  #log(text: string, error?: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const coded = error instanceof CodedError && { err: error };
    this.#context.log.warn(
      { adapter: this.#reader.platform, ...(error !== undefined && { code: reason(error) }), ...coded },
      text,
    );
  }
}

/** A record as it is now: one that was refused may come again under its key once it is corrected. */
function stateOf({ key }: Pick<Submission, 'key'>, record: unknown): string {
  return keyOf(key, canonicalText(record));
}

function reason(error: unknown): string {
  return error instanceof CodedError ? error.code : 'INTERNAL';
}
