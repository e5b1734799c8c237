import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type ErrorCode, LIMITS } from '#proto';
import {
  ANCHOR_FILES,
  ANCHOR_LIMITS,
  type AnchorIndex,
  type Clock,
  demandInDate,
  fileDigest,
  verifyAnchorIndex,
} from '#trust';
import type { AnchorCopies, AnchorCopy } from './anchor-copies.ts';
import { fetchFile } from './fetch-file.ts';

/** Where an anchor is read, and whose key must have signed what is there. */
export interface AnchorSource {
  /** RFC 7638 thumbprint. */
  readonly identity: string;
  /** Folder, with a slash at the end. */
  readonly url: string;
}

/** How an anchor is read; milliseconds. */
export interface WatchTiming {
  readonly pollMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** One file. */
  readonly fileTimeoutMs: number;
  /** One look with all the files that it brings. What was read stays, and the next look goes on. */
  readonly lookTimeoutMs: number;
}

export interface AnchorWatchOptions extends AnchorSource {
  readonly copies: AnchorCopies;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly timing: WatchTiming;
  /** Whether a file that an index lists is of any use to us. */
  readonly isWanted: (path: string) => boolean;
  /** After every look: `changed` when it brought something new. */
  readonly onLook: (changed: boolean) => void;
  readonly onUnexpected: (error: unknown) => void;
}

/** What the last looks at an anchor brought. */
export interface WatchState {
  /** Milliseconds; undefined before the first look of this run. */
  readonly triedAt: number | undefined;
  /** Empty when the last look was good. */
  readonly code: ErrorCode | '';
}

const FILES_AT_ONCE = 4;

/** Looks at one anchor for ever: a look that fails is repeated, later and later, and the last good copy stays. */
export class AnchorWatch {
  readonly #options: AnchorWatchOptions;
  readonly #stop = new AbortController();
  readonly #agent: HttpAgent | undefined;
  #copy: AnchorCopy | undefined;
  #state: WatchState = { triedAt: undefined, code: '' };
  /** Whether the look under way brought something. */
  #changed = false;
  #running: Promise<void> = Promise.resolve();

  /** @param copy what an earlier run read */
  constructor(options: AnchorWatchOptions, copy: AnchorCopy | undefined) {
    this.#options = options;
    this.#copy = copy;
    this.#agent = agentFor(options.url);
  }

  /** The last good copy. */
  get copy(): AnchorCopy | undefined {
    return this.#copy;
  }

  get state(): WatchState {
    return this.#state;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#agent?.destroy();
  }

  async #run(): Promise<void> {
    const { timing, random, onLook } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const good = await this.#look();
      if (signal.aborted) return;
      onLook(this.#changed);
      failures = good ? 0 : failures + 1;
      const wait = good ? timing.pollMs : Math.min(timing.maxRetryMs, timing.firstRetryMs * 2 ** (failures - 1));
      // Half of it is jitter, so that the gateways of a country do not come all at once when an anchor is back.
      await sleep(wait * (0.5 + random() / 2), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** @returns whether it was good */
  async #look(): Promise<boolean> {
    const { clock, timing, onUnexpected } = this.#options;
    const triedAt = clock.now();
    this.#changed = false;
    try {
      await this.#read(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timing.lookTimeoutMs)]));
      this.#state = { triedAt, code: '' };
      return true;
    } catch (error) {
      if (!(error instanceof CodedError) && !this.#stop.signal.aborted) onUnexpected(error);
      this.#state = { triedAt, code: error instanceof CodedError ? error.code : 'INTERNAL' };
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { identity, url, copies, clock } = this.#options;
    const held = this.#copy;
    const fetched = await this.#fetch(ANCHOR_FILES.index, ANCHOR_LIMITS.indexBytes, signal, held?.etag ?? '');
    const text = fetched?.text ?? held!.index;
    const index = await verifyAnchorIndex(text, identity);
    if (held) demandNotOlder(held, index, text);
    demandInDate(index, `the index of ${index.name}`, clock.now());
    await this.#fetchMissing(index, signal);
    const etag = fetched?.etag ?? held!.etag;
    const copy = { identity, url, serial: index.serial, etag, index: text, seenAt: clock.now() };
    await copies.keep(copy);
    this.#changed ||= text !== held?.index;
    this.#copy = copy;
  }

  /** Reads the files that the index lists and we do not hold yet, a few at once. */
  async #fetchMissing({ files }: AnchorIndex, signal: AbortSignal): Promise<void> {
    const { copies, isWanted } = this.#options;
    const held = await copies.held();
    const missing = [...files].filter(([path, digest]) => isWanted(path) && !held.has(digest)).values();
    const failed = new AbortController();
    const some = async () => {
      for (const [path, digest] of missing) {
        const most = path === ANCHOR_FILES.revocations ? ANCHOR_LIMITS.revocationsBytes : LIMITS.jwsBytes;
        const fetched = await this.#fetch(path, most, AbortSignal.any([signal, failed.signal]));
        if (fetched === undefined || fileDigest(fetched.text) !== digest)
          throw new CodedError('CHAIN_INVALID', `${path} is not the file that the index lists`);
        await copies.keepFile(digest, fetched.text);
        this.#changed = true;
      }
    };
    const workers = Array.from({ length: FILES_AT_ONCE }, () => some().catch((error) => failed.abort(error)));
    await Promise.all(workers);
    // The first failure: the others were only ended by it.
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  #fetch(path: string, maxBytes: number, look: AbortSignal, etag = '') {
    const signal = AbortSignal.any([look, AbortSignal.timeout(this.#options.timing.fileTimeoutMs)]);
    return fetchFile(new URL(path, this.#options.url), { etag, maxBytes, agent: this.#agent, signal });
  }
}

/** Whoever stands between us and the anchor can show old files again, but not make us forget newer ones. */
function demandNotOlder(held: AnchorCopy, index: AnchorIndex, text: string): void {
  if (index.serial < held.serial || (index.serial === held.serial && text !== held.index))
    throw new CodedError('CHAIN_STALE', `the index of ${index.name} is older than the one that we hold`);
}

function agentFor(url: string): HttpAgent | undefined {
  const options = { keepAlive: true, maxSockets: FILES_AT_ONCE };
  if (url.startsWith('https:')) return new HttpsAgent(options);
  return url.startsWith('http:') ? new HttpAgent(options) : undefined;
}
