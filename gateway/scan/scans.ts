import { CodedError } from '#proto';
import type { Clock } from '#trust';
import type { ScanConfig } from '../config/materials-config.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { isAnswering, ScannerAway, ScannerHungUp, type ScanVerdict, scanStream } from './clamd.ts';
import { type ParkedMaterial, type ScannedMaterial, type ScanResult, scanTable } from './scan-table.ts';

/** Milliseconds between being woken and beginning: what comes together is looked for once. */
const PAUSE_MS = 50;
/** Files read at once. */
const PAGE = 100;
/** Files that are scanned at once. */
const AT_ONCE = 2;
/** Scans of one file that the scanner may break off before it is given up: it answers, and not about this one. */
const MAX_TRIES = 5;
/** Milliseconds between two tries while the scanner is away: doubled each time, up to the second. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** Milliseconds after each piece of a file that is shown slowly. */
const SLOWLY_MS = 20;

export interface ScansOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly materials: Pick<MaterialStore, 'open'>;
  /** Absent while nobody looks for malware. */
  readonly config: ScanConfig | undefined;
  /** Milliseconds; {@link PAUSE_MS} unless told. */
  readonly pauseMs?: number;
}

/**
 * Has every material looked at by the scanner for malware (恶意代码检查), once, in the background. What it flags is set aside:
 * nobody gets it, until a security administrator releases it with a reason. What waits is found in the store.
 */
export class Scans {
  readonly #options: ScansOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #retryMs = 0;
  /** The scanner gave a verdict in this pass, and has not been away since. */
  #hasAnswered = false;

  constructor(options: ScansOptions) {
    this.#options = options;
  }

  /** There may be new materials. */
  wake(): void {
    if (this.#options.config) this.#wakeAfter(this.#options.pauseMs ?? PAUSE_MS);
  }

  /** Gives up the scans under way; the next start begins them anew. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
    await this.#running;
  }

  /** How the materials of a case stand, by digest in hex; what waits is not there. */
  of(conversation: string): Promise<ReadonlyMap<string, ScanResult>> {
    return scanTable.of(this.#options.store.read, conversation);
  }

  /** Whether files are looked at. */
  get isOn(): boolean {
    return this.#options.config !== undefined;
  }

  /**
   * Whether a file may be handed out.
   *
   * @throws CodedError MATERIAL_PARKED; MATERIAL_UNSCANNED while it waits and the config says to hold it
   */
  async demandClean(conversation: string, digest: Buffer): Promise<void> {
    const { store, config } = this.#options;
    const found = await scanTable.find(store.read, conversation, digest);
    if (found?.state === 'parked') throw new CodedError('MATERIAL_PARKED');
    if (found || !config || config.onUnavailable === 'pass') return;
    this.wake();
    throw new CodedError('MATERIAL_UNSCANNED');
  }

  /** What is set aside, the oldest first. */
  parked(limit: number, after?: Parameters<typeof scanTable.parked>[2]): Promise<ParkedMaterial[]> {
    return scanTable.parked(this.#options.store.read, limit, after);
  }

  /** Hands a file back in spite of what was found. @throws CodedError NOT_FOUND, CONFLICT when it is not set aside */
  async release(conversation: string, digest: Buffer, act: { by: string; reason: string }): Promise<ScanResult> {
    const { store, clock } = this.#options;
    return store.write(async (tx) => {
      const found = await scanTable.find(tx, conversation, digest);
      if (!found) throw new CodedError('NOT_FOUND', 'nothing was found about such a material');
      if (found.state !== 'parked') throw new CodedError('CONFLICT', 'the material is not set aside');
      const result: ScanResult = { ...found, state: 'released', released: { ...act, at: clock.now() } };
      await scanTable.keep(tx, conversation, digest, result);
      return result;
    });
  }

  #wakeAfter(ms: number): void {
    if (this.#timer || this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#running.then(() => this.#run());
    }, ms);
    this.#timer.unref();
  }

  /** What comes meanwhile is not kept waiting by a file that failed. */
  #tryAgain(): void {
    this.#again = undefined;
    this.wake();
  }

  async #run(): Promise<void> {
    const { store, log, config } = this.#options;
    try {
      // A file that brings the scanner down shows when it is tried by one that is well.
      this.#hasAnswered = this.#retryMs > 0;
      if (this.#hasAnswered && !(await isAnswering(config!, this.#stopped.signal)))
        throw new ScannerAway('the malware scanner gives no verdict');
      let left = 0;
      for (;;) {
        const page = await scanTable.waiting(store.read, PAGE, left);
        const todo = page.values();
        const settle = async () => {
          for (const material of todo) {
            if (this.#stopped.signal.aborted) return;
            if (!(await this.#settle(material))) left += 1;
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, settle));
        if (page.length < PAGE || this.#stopped.signal.aborted) break;
      }
      this.#retryMs = 0;
      if (left > 0) this.#again ??= setTimeout(() => this.#tryAgain(), LAST_RETRY_MS).unref();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#retryMs = Math.min(this.#retryMs * 2 || FIRST_RETRY_MS, LAST_RETRY_MS);
      log.warn({ err: error, delay_ms: this.#retryMs }, 'materials wait for the malware scan; it is tried again');
      this.#wakeAfter(this.#retryMs);
    }
  }

  /** @returns whether it is dealt with @throws Error when the scanner is away */
  async #settle(material: ScannedMaterial): Promise<boolean> {
    const { store, clock, log, config } = this.#options;
    const { conversation, digest, tries } = material;
    const at = clock.now();
    const found = tries >= MAX_TRIES ? 'unanswered' : await this.#scan(material);
    if (found === undefined) return false;
    const result = resultOf(found, at, config!.onUnavailable);
    await store.write((tx) => scanTable.keep(tx, conversation, digest, result));
    if (result.state === 'parked')
      log.warn({ conversation, digest: digest.toString('hex') }, 'the malware scan set a material aside');
    return true;
  }

  async #show({ conversation, digest }: ScannedMaterial, pauseMs = 0): Promise<ScanVerdict> {
    const { materials, config } = this.#options;
    const { bytes } = await materials.open(conversation, digest);
    return scanStream(config!, bytes, this.#stopped.signal, pauseMs);
  }

  /** @returns undefined when it cannot be scanned now, but may be another time @throws ScannerAway whatever the file */
  async #scan(material: ScannedMaterial): Promise<ScanVerdict | undefined> {
    const { store, log, config } = this.#options;
    const { conversation, digest } = material;
    try {
      const verdict = await this.#show(material).catch((error: unknown) => {
        if (error instanceof ScannerHungUp) return this.#show(material, SLOWLY_MS);
        throw error;
      });
      this.#hasAnswered = true;
      return verdict;
    } catch (error) {
      if (this.#stopped.signal.aborted || error instanceof ScannerAway) throw error;
      const answers = await isAnswering(config!, this.#stopped.signal);
      if (!answers && !this.#hasAnswered)
        throw new ScannerAway('the malware scanner gives no verdict', { cause: error });
      this.#hasAnswered = answers;
      await store.write((tx) => scanTable.begin(tx, material));
      log.warn({ conversation, digest: digest.toString('hex'), err: error }, 'a material could not be scanned');
      return undefined;
    }
  }
}

/** What cannot be scanned at all is treated as what was not scanned yet. */
function resultOf(found: ScanVerdict | 'unanswered', at: number, policy: ScanConfig['onUnavailable']): ScanResult {
  if (found !== 'unanswered' && found.verdict === 'clean') return { state: 'clean', at };
  if (found !== 'unanswered' && found.verdict === 'flagged') return { state: 'parked', at, signature: found.signature };
  const code = found === 'unanswered' ? 'VALIDATION_FAILED' : 'MATERIAL_TOO_LARGE';
  return { state: policy === 'hold' ? 'parked' : 'clean', at, code };
}
