import type { Submission, SubmissionOutcome, SubmissionSource, Submit, TakenOutcome } from '#adapters';
import { CodedError, ERROR_CODES, type ErrorCode } from '#proto';
import type { Clock } from '#trust';
import type { LetterAct, LetterDetail } from '../../dead-letter/dead-letters.ts';
import type { FiledLetter } from '../../dead-letter/letter.ts';
import type { LetterBook } from '../../dead-letter/letter-book.ts';
import { Turns } from '../../material/turns.ts';
import type { Sql, Store, Transaction } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { EarlyReferences } from './early-references.ts';
import { type KeptSubmission, type ParkedSubmission, parkedTable } from './parked-table.ts';
import { type TakenWishes, takeWishes, type WishContext } from './take-wishes.ts';
import { takenTable } from './taken-table.ts';

/** What was done is remembered this long, in ms: longer than any platform hands the same in again. */
const KEEP_MS = 90 * 24 * 60 * 60_000;

export interface IntakeContext extends WishContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly letters: LetterBook;
  readonly metrics: Pick<Metrics, 'handedIn'>;
  readonly log: Pick<Log, 'warn'>;
}

type Refused = Extract<SubmissionOutcome, { ok: false }>;

/** What is written into the letter of a refused submission, beside its code. */
interface LetterWords {
  /** The case that it is about, where that is known. */
  readonly subject: string;
  readonly type: string;
  /** Which wish was refused, from 1; 0 for all of it. */
  readonly sequence: number;
}

/**
 * Takes what platforms hand in (平台交办): does what is wished, exactly once, and parks what must be refused as a dead letter
 * (死信) with its document and its reasons. The same key comes after itself; different keys go side by side.
 */
export class Intake {
  readonly #context: IntakeContext;
  readonly #turns = new Turns();
  readonly #early: EarlyReferences;
  readonly #stopping = new AbortController();

  constructor(context: IntakeContext) {
    this.#context = context;
    this.#early = new EarlyReferences(context.clock);
  }

  /** What the adapter of a platform calls with each submission. */
  submitFor(adapter: string): Submit {
    const act = { by: `platform:${adapter}`, role: 'platform', reason: '平台重新提交 / handed in again' };
    return (submission, signal) =>
      this.#turns.take(turnOf(adapter, submission.key), () => this.#take(adapter, submission, signal, act));
  }

  /**
   * Takes a parked submission again, as it is understood now, closes its letter with its success, and has the platform told.
   *
   * @param source of the platform; undefined when the configuration has it no more
   * @throws CodedError CONFLICT when nobody can understand it anew, or it is refused again, with the reasons; a retryable
   *   code when nothing was decided
   */
  async redo(letter: FiledLetter, act: LetterAct, source: SubmissionSource | undefined): Promise<void> {
    const { read } = this.#context.store;
    const parked = await parkedTable.at(read, letter.place);
    if (!parked) throw new CodedError('CONFLICT', 'it was dealt with in between');
    const { adapter, key, document } = parked;
    if (!source?.again || document === null)
      throw new CodedError(
        'CONFLICT',
        'let the platform hand it in again: it closes this letter when it is taken; or drop it',
      );
    const submission = await source.again(key, document);
    const outcome = await this.#turns.take(turnOf(adapter, key), async () => {
      if (!(await parkedTable.at(read, letter.place))) throw new CodedError('CONFLICT', 'it was dealt with in between');
      return this.#take(adapter, { ...submission, key }, this.#stopping.signal, act);
    });
    if (outcome.ok) {
      await this.#tell(source, parked, outcome);
      const closed = await this.#context.letters.find(read, letter.id);
      if (closed?.closing?.outcome !== 'dropped') return;
      throw new CodedError('CONFLICT', 'it is done, and was dropped in between: see the case that it is about');
    }
    const { code, message, problems } = outcome;
    if (ERROR_CODES[code].retryable) throw new CodedError(code, message, problems);
    throw new CodedError('CONFLICT', `it is refused again, ${code}: ${message}`, problems);
  }

  /** Gives a parked submission up. @throws CodedError CONFLICT while it is taken again */
  async drop(tx: Transaction, { place }: FiledLetter): Promise<void> {
    const parked = await parkedTable.at(tx, place);
    if (parked && this.#turns.isTaken(turnOf(parked.adapter, parked.key)))
      throw new CodedError('CONFLICT', 'it is being taken again right now; look at it once more');
    await parkedTable.remove(tx, place);
  }

  /** Why a parked submission is refused. */
  async detail(sql: Sql, { place }: FiledLetter): Promise<LetterDetail> {
    const parked = await parkedTable.at(sql, place);
    if (!parked) return {};
    const { key, attempts, refusal } = parked;
    return { key, attempts, ...refusal };
  }

  /** Forgets what was done long ago. @param goesOn asked between two units of work */
  purge(goesOn: () => boolean): Promise<void> {
    const { store, clock } = this.#context;
    return takenTable.purge(store, clock.now() - KEEP_MS, goesOn);
  }

  /** Takes nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new CodedError('SHUTTING_DOWN'));
    await this.#turns.idle();
  }

  /** @param act in whose name the letter is closed, if there is one */
  async #take(
    adapter: string,
    submission: Submission,
    signal: AbortSignal,
    act: LetterAct,
  ): Promise<SubmissionOutcome> {
    if (this.#stopping.signal.aborted) return refusalOf(new CodedError('SHUTTING_DOWN'));
    const { metrics, letters } = this.#context;
    const { key, document, problems } = submission;
    const taken = problems.length > 0 ? undefined : await takeWishes(adapter, submission, signal, this.#context);
    if (taken?.ok) {
      this.#early.forget(turnOf(adapter, key));
      if (letters.hasOpen('intake', adapter)) await this.#unpark(adapter, key, act);
      metrics.handedIn(adapter, taken.isRepeat ? 'repeated' : 'taken');
      return { ok: true, conversation: taken.conversation, caseNumber: taken.caseNumber };
    }
    const isEarly = taken?.isUnbound && (await this.#isEarly(adapter, key));
    const error = isEarly
      ? new CodedError('TRY_LATER', 'the platform means a case by a number not told yet')
      : taken?.error;
    const refused = refusalOf(error ?? new CodedError('MAPPING_FAILED', undefined, problems));
    const isFinal = !ERROR_CODES[refused.code].retryable;
    const outcome = isFinal
      ? await this.#park({ adapter, key, document, refusal: refused }, refused, wordsOf(submission, taken))
      : refused;
    metrics.handedIn(adapter, ERROR_CODES[outcome.code].retryable ? 'deferred' : 'refused');
    return outcome;
  }

  /** Whether the number that a submission names may still come; one that is parked has waited for it before. */
  async #isEarly(adapter: string, key: string): Promise<boolean> {
    if (!this.#early.isUnderWay(turnOf(adapter, key))) return false;
    const { letters, store } = this.#context;
    return !letters.hasOpen('intake', adapter) || !(await parkedTable.find(store.read, adapter, key));
  }

  /** Keeps what is refused, in one open letter for each key. @returns the refusal, or that there is no room for another */
  async #park(parked: ParkedSubmission, refused: Refused, words: LetterWords): Promise<Refused> {
    const { store, clock, letters } = this.#context;
    const { adapter, key } = parked;
    const isKept = await store.write(async (tx) => {
      const known = await parkedTable.find(tx, adapter, key);
      if (!known && !letters.hasRoom('intake', adapter)) return false;
      const position = await parkedTable.put(tx, parked);
      const news = { ...words, code: refused.code };
      if (known) await letters.change(tx, (await letters.find(tx, letterId(known)))!, news);
      else
        await letters.file(tx, {
          ...{ id: letterId({ adapter, position }), queue: 'intake', name: adapter, place: position },
          ...{ reason: 'refused', since: clock.now(), ...news },
        });
      return true;
    });
    if (isKept) return refused;
    return refusalOf(
      new CodedError('BACK_PRESSURE', 'too many submissions of the platform are parked: see tongban dead-letter list'),
    );
  }

  /** It is done whether the platform hears of it or not: events tell of the case as well. */
  async #tell(source: SubmissionSource, { adapter, key, document }: KeptSubmission, outcome: TakenOutcome) {
    try {
      await source.told?.(key, document, outcome);
    } catch (error) {
      const text = 'a platform was not told that what it had been refused is done now';
      this.#context.log.warn({ adapter, err: error }, text);
    }
  }

  async #unpark(adapter: string, key: string, act: LetterAct): Promise<void> {
    const { store, clock, letters } = this.#context;
    if (!(await parkedTable.find(store.read, adapter, key))) return;
    await store.write(async (tx) => {
      const parked = await parkedTable.find(tx, adapter, key);
      if (!parked) return;
      const letter = (await letters.find(tx, letterId(parked)))!;
      await letters.close(tx, letter, { outcome: 'retried', successor: '', ...act, at: clock.now() });
      await parkedTable.remove(tx, parked.position);
    });
  }
}

function refusalOf({ code, message, problems }: CodedError): Refused & { readonly code: ErrorCode } {
  return { ok: false, code, message, problems };
}

function wordsOf({ wishes }: Submission, taken: Exclude<TakenWishes, { ok: true }> | undefined): LetterWords {
  if (!taken) return { subject: '', type: 'document', sequence: 0 };
  return { subject: taken.conversation, type: wishes[taken.step]!.do, sequence: taken.step + 1 };
}

function letterId({ adapter, position }: Pick<KeptSubmission, 'adapter' | 'position'>): string {
  return `${adapter}:in:${position}`;
}

function turnOf(adapter: string, key: string): string {
  return `${adapter}\n${key}`;
}
