import { posix } from 'node:path';
import type { AdapterContext, Submission, SubmissionSource, Submit, TakenOutcome } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { understand } from '../mapping/understand.ts';
import { PAUSING } from '../outcomes.ts';
import { type RecordFormat, type RecordOptions, recordFormat } from '../records/read-records.ts';
import { Unreadable } from '../unreadable.ts';
import { textAt } from '../value-at.ts';
import type { Entry, FolderFiles } from './folder-files.ts';
import { MAPPED_FORMATS, noFiles, readMapped } from './mapped-submission.ts';
import { readParked, readSubmission } from './read-submission.ts';
import { SETTLED_FOLDERS, settle, settleLater } from './settle.ts';
import { asUnreadable, offer, reason, stillUnreadable, type Taken } from './take-document.ts';
import { takeRows } from './take-rows.ts';

/** Names of things that somebody is still writing. */
const UNFINISHED = /^\.|\.(tmp|part)$/i;

const IN_OUR_WORDS: ReadonlySet<RecordFormat> = new Set(['json']);

/** What a folder holds and how it is read. */
export interface WatchedFolder {
  readonly files: FolderFiles;
  /** Absolute path. */
  readonly folder: string;
  readonly pollMs: number;
  /** Puts the platform's words into ours; without one the documents are in ours. */
  readonly mapping: Mapping | undefined;
  readonly options: RecordOptions;
  /** Where a document, or the row of a table, has the number of its case. */
  readonly lane: string | undefined;
}

/**
 * Takes submissions from a folder, in the order of their names, one at a time; rows of a table, several cases at a time.
 * Changes in the folder start a round; so does every poll, for folders that report no changes and for submissions that
 * have to be tried again.
 */
export class DirectorySource implements SubmissionSource {
  readonly #place: WatchedFolder;
  readonly #name: string;
  readonly #log: AdapterContext['log'];
  readonly #stopping = new AbortController();
  /** Left alone until the next poll, with the cases that wait for them: names, or everything. */
  readonly #deferred = new Map<string, readonly string[]>();
  #paused = false;
  #wanted = false;
  #busy = false;
  #idle: Promise<void> = Promise.resolve();
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param name what the operator calls the platform, for the log */
  constructor(place: WatchedFolder, name: string, log: AdapterContext['log']) {
    this.#place = place;
    this.#name = name;
    this.#log = log;
  }

  async start(submit: Submit): Promise<void> {
    this.#watch(submit);
    this.#timer = setInterval(() => {
      if (this.#busy) return;
      this.#deferred.clear();
      this.#paused = false;
      this.#wake(submit);
    }, this.#place.pollMs);
    this.#wake(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unwatch?.();
    clearInterval(this.#timer);
    await this.#idle;
  }

  async again(key: string, document: unknown): Promise<Submission> {
    const problems = stillUnreadable(document);
    if (problems) return { key, document, wishes: [], problems };
    const { mapping } = this.#place;
    return mapping ? understand(key, document, mapping, noFiles) : readParked(key, document);
  }

  told(key: string, _document: unknown, outcome: TakenOutcome): Promise<void> {
    const { files, folder } = this.#place;
    return settleLater(files, folder, key, outcome);
  }

  /** Without a watcher, because the system has none left or lost it, polling goes on. */
  #watch(submit: Submit): void {
    const { files, folder } = this.#place;
    const lost = (error: unknown) =>
      this.#log.warn({ adapter: this.#name, code: reason(error) }, 'the folder is not watched, only polled');
    try {
      this.#unwatch = files.watch?.(folder, () => this.#wake(submit), lost);
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
    const { files, folder } = this.#place;
    try {
      const names = (await files.entries(folder)).filter((entry) => this.#isCandidate(entry)).map(({ name }) => name);
      for (const name of names.sort()) {
        if (this.#paused || this.#stopping.signal.aborted) return;
        if (!this.#deferred.has(name)) await this.#take(name, submit);
      }
    } catch (error) {
      this.#log.error({ adapter: this.#name, code: reason(error) }, 'the folder of submissions cannot be read');
    }
  }

  #isCandidate({ name, kind }: Entry): boolean {
    if (UNFINISHED.test(name) || SETTLED_FOLDERS.includes(name)) return false;
    const format = recordFormat(name);
    const formats = this.#place.mapping ? MAPPED_FORMATS : IN_OUR_WORDS;
    return kind === 'folder' || kind === 'link' || (format !== undefined && formats.has(format));
  }

  /** Takes one submission as far as it goes. Whatever fails holds up this one and its cases, until the next poll. */
  async #take(name: string, submit: Submit): Promise<void> {
    const { files, folder } = this.#place;
    try {
      const taken = await this.#outcome(name, submit);
      if (taken.decided) await settle(files, folder, name, taken.good, taken.report);
      else this.#defer(name, taken.code, taken.lanes);
    } catch (error) {
      this.#defer(name, reason(error), []);
    }
  }

  async #outcome(name: string, submit: Submit): Promise<Taken> {
    const { files, folder, mapping, options, lane } = this.#place;
    const { signal } = this.#stopping;
    const path = posix.join(folder, name);
    const held = new Set([...this.#deferred.values()].flat());
    const laneOf = (document: unknown) => (lane === undefined ? undefined : textAt(document, lane));
    try {
      if (mapping && recordFormat(name) === 'csv' && (await files.look(path)).kind !== 'folder')
        return await takeRows({ files, path, mapping, csv: options.csv ?? {}, lane }, submit, signal, held);
      const submission = mapping
        ? await readMapped(files, path, { mapping, options, signal })
        : await readSubmission(files, folder, name, signal);
      return await offer(submission, submit, signal, held, laneOf);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return offer(await asUnreadable(files, path, error), submit, signal, held, () => undefined);
    }
  }

  #defer(name: string, code: string, lanes: readonly string[]): void {
    if (this.#stopping.signal.aborted) return;
    this.#deferred.set(name, lanes);
    if (PAUSING.has(code)) this.#paused = true;
    this.#log.warn({ adapter: this.#name, code }, 'a submission was not taken and will be tried again');
  }
}
