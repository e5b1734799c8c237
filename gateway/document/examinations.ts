import { CodedError } from '#proto';
import { type Clock, DOCUMENT_LIMITS } from '#trust';
import type { Store, Transaction } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Documents } from './documents.ts';
import { examinations, type UnexaminedMaterial } from './examination-table.ts';
import { resultOf, type SealResult } from './seal-result.ts';

/** Milliseconds between being woken and beginning: what comes together is looked for once. */
const PAUSE_MS = 200;
/** Materials read at once. */
const PAGE = 100;
/** Examinations of one file that may break off, with the gateway or without it, before it is given up. */
const MAX_TRIES = 3;
/** Milliseconds after which a file that no case names is left alone. */
const NAMELESS_MS = 24 * 60 * 60 * 1000;
/** Media types as which departments' files are declared. */
const DOCUMENT_TYPE = /^application\/(pdf|(vnd\.|x-)?ofd)$/i;

/** A case as far as its materials are looked at. */
interface CaseOutline {
  readonly number: string;
  readonly peer: string;
  readonly materials: readonly { readonly digest: string; readonly mediaType: string }[];
}

/** What platforms are told: no names, since a seal may be a person's. */
export interface ExaminedNews {
  readonly conversation: string;
  readonly number: string;
  readonly peer: string;
  /** Digest, hex. */
  readonly material: string;
  readonly result: SealResult['result'];
  readonly at: number;
}

export interface ExaminationsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly documents: Pick<Documents, 'examineInBackground'>;
  readonly caseOf: (conversation: string) => Promise<CaseOutline | undefined>;
  readonly emit: (tx: Transaction, news: ExaminedNews) => Promise<void>;
  /** Milliseconds; {@link PAUSE_MS} unless told. */
  readonly pauseMs?: number;
}

/**
 * Examines the seals of every material that is declared as OFD or PDF, once, when it has become part of a case (随件核验):
 * in the background, one after the other. Nothing waits for it and nothing is refused because of it. What waits is found
 * in the store, so that a restart goes on where the last run ended.
 */
export class Examinations {
  readonly #options: ExaminationsOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ExaminationsOptions) {
    this.#options = options;
  }

  /** There may be new materials. */
  wake(): void {
    if (this.#timer || this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#running.then(() => this.#run());
    }, this.#options.pauseMs ?? PAUSE_MS);
    this.#timer.unref();
  }

  /** Gives up the examination under way; the next start begins it anew. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** What was found about the materials of a case, by digest in hex. */
  of(conversation: string): Promise<ReadonlyMap<string, SealResult>> {
    return examinations.of(this.#options.store.read, conversation);
  }

  async #run(): Promise<void> {
    const { store, log } = this.#options;
    try {
      for (let left = 0; ; ) {
        const page = await examinations.waiting(store.read, PAGE, left);
        for (const material of page) {
          if (this.#stopped.signal.aborted) return;
          if (!(await this.#settle(material))) left += 1;
        }
        if (page.length < PAGE) return;
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        log.error({ err: error }, 'the seals of materials could not be looked at; it is tried again');
    }
  }

  /** @returns whether something was kept; false leaves it for another time */
  async #settle(material: UnexaminedMaterial): Promise<boolean> {
    const { store, clock, caseOf, emit } = this.#options;
    const { conversation, digest, updated_at } = material;
    const hex = digest.toString('hex');
    const outline = await caseOf(conversation);
    const named = outline?.materials.find((candidate) => candidate.digest === hex);
    // A window's upload is stored a moment before its case names it.
    if (!outline || !named) return updated_at < clock.now() - NAMELESS_MS && this.#keep(material, undefined);
    if (!DOCUMENT_TYPE.test(named.mediaType)) return this.#keep(material, undefined);
    const found = await this.#examine(material);
    if (!found) return false;
    const { number, peer } = outline;
    await store.write(async (tx) => {
      const isNew = await examinations.keep(tx, material, found);
      const { result, at } = found;
      if (isNew) await emit(tx, { conversation, number, peer, material: hex, result, at });
    });
    return true;
  }

  async #keep(material: UnexaminedMaterial, result: undefined): Promise<boolean> {
    await this.#options.store.write((tx) => examinations.keep(tx, material, result));
    return true;
  }

  /** @returns undefined when it could not be examined now, but may be another time */
  async #examine(material: UnexaminedMaterial): Promise<SealResult | undefined> {
    const { store, clock, log, documents } = this.#options;
    const { conversation, digest, size, tries } = material;
    const without = (code: SealResult['code']): SealResult => ({
      result: 'unverifiable',
      code: code!,
      by: [],
      at: clock.now(),
    });
    if (size > DOCUMENT_LIMITS.fileBytes) return without('MATERIAL_TOO_LARGE');
    if (tries >= MAX_TRIES) return without('VALIDATION_FAILED');
    // First: a file that takes the whole process with it must not do so for ever.
    await store.write((tx) => examinations.begin(tx, material));
    try {
      const report = await documents.examineInBackground(conversation, digest, this.#stopped.signal);
      return resultOf(report, clock.now());
    } catch (error) {
      if (this.#stopped.signal.aborted) throw error;
      if (error instanceof CodedError && error.code === 'VALIDATION_FAILED') return without(error.code);
      const text = 'the seals of a material could not be examined; it is tried again';
      log.warn({ conversation, digest: digest.toString('hex'), err: error }, text);
      return undefined;
    }
  }
}
