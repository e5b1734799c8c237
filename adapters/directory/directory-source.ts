import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { CodedError, ERROR_CODES } from '#proto';
import type { AdapterContext, Submission, SubmissionOutcome, SubmissionSource, Submit } from '../adapter.ts';
import { readSubmission, UnreadableSubmission } from './read-submission.ts';
import { SETTLED_FOLDERS, settle } from './settle.ts';

/** Outcomes that say that the whole gateway wants to be left alone for a while. */
const PAUSING: ReadonlySet<string> = new Set(['BACK_PRESSURE', 'SHUTTING_DOWN']);

/** Names of things that somebody is still writing. */
const UNFINISHED = /^\.|\.(tmp|part)$/i;

/**
 * Takes submissions from a folder, in the order of their names, one at a time. Changes in the folder start a round; so
 * does every poll, for file systems that report no changes and for submissions that have to be tried again.
 */
export class DirectorySource implements SubmissionSource {
  readonly #folder: string;
  readonly #pollMs: number;
  readonly #name: string;
  readonly #log: AdapterContext['log'];
  readonly #stopping = new AbortController();
  /** Left alone until the next poll: names, or everything. */
  readonly #deferred = new Set<string>();
  #paused = false;
  #wanted = false;
  #busy = false;
  #idle: Promise<void> = Promise.resolve();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param folder absolute path
   * @param pollMs in ms
   * @param name what the operator calls the platform, for the log
   */
  constructor(folder: string, pollMs: number, name: string, log: AdapterContext['log']) {
    this.#folder = folder;
    this.#pollMs = pollMs;
    this.#name = name;
    this.#log = log;
  }

  async start(submit: Submit): Promise<void> {
    this.#watch(submit);
    this.#timer = setInterval(() => {
      this.#deferred.clear();
      this.#paused = false;
      this.#wake(submit);
    }, this.#pollMs);
    this.#wake(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watcher?.close();
    clearInterval(this.#timer);
    await this.#idle;
  }

  /** Without a watcher, because the system has none left or lost it, polling goes on. */
  #watch(submit: Submit): void {
    const lost = (error: unknown) =>
      this.#log.warn({ adapter: this.#name, code: reason(error) }, 'the folder is not watched, only polled');
    try {
      this.#watcher = watch(this.#folder, () => this.#wake(submit)).on('error', lost);
    } catch (error) {
      lost(error);
    }
  }

  /** Asks for a round: now, or after the running one, which may have passed what is new. */
  #wake(submit: Submit): void {
    this.#wanted = true;
    if (this.#busy) return;
    this.#busy = true;
    this.#idle = this.#rounds(submit);
  }

  async #rounds(submit: Submit): Promise<void> {
    while (this.#wanted && !this.#stopping.signal.aborted) {
      this.#wanted = false;
      await this.#round(submit);
    }
    this.#busy = false;
  }

  async #round(submit: Submit): Promise<void> {
    try {
      for (const name of await this.#candidates()) {
        if (this.#paused || this.#stopping.signal.aborted) return;
        if (!this.#deferred.has(name)) await this.#take(name, submit);
      }
    } catch (error) {
      this.#log.error({ adapter: this.#name, code: reason(error) }, 'the folder of submissions cannot be read');
    }
  }

  async #candidates(): Promise<string[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true });
    return entries
      .filter((entry) => !UNFINISHED.test(entry.name) && !SETTLED_FOLDERS.includes(entry.name))
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink() || entry.name.endsWith('.json'))
      .map((entry) => entry.name)
      .sort();
  }

  /** Takes one submission as far as it goes. Whatever fails holds up this one alone, until the next poll. */
  async #take(name: string, submit: Submit): Promise<void> {
    try {
      const outcome = await this.#outcome(name, submit);
      if (!outcome.ok && ERROR_CODES[outcome.code].retryable) this.#defer(name, outcome.code);
      else await settle(this.#folder, name, outcome);
    } catch (error) {
      this.#defer(name, reason(error));
    }
  }

  async #outcome(name: string, submit: Submit): Promise<SubmissionOutcome> {
    let submission: Submission;
    try {
      submission = await readSubmission(this.#folder, name, this.#stopping.signal);
    } catch (error) {
      if (!(error instanceof UnreadableSubmission)) throw error;
      return { ok: false, code: 'VALIDATION_FAILED', message: error.message, problems: error.problems };
    }
    return submit(submission, this.#stopping.signal);
  }

  #defer(name: string, code: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#deferred.add(name);
    if (PAUSING.has(code)) this.#paused = true;
    this.#log.warn({ adapter: this.#name, code }, 'a submission was not taken and will be tried again');
  }
}

/** A code for the log: names of files may hold names of people, and so may messages. */
function reason(error: unknown): string {
  if (error instanceof CodedError) return error.code;
  return (error as NodeJS.ErrnoException).code ?? 'INTERNAL';
}
