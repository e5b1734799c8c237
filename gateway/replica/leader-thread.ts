import { Worker } from 'node:worker_threads';
import { CodedError, isErrorCode } from '#proto';
import type { Address } from '../config/address.ts';

/** What the thread of the gateway is told. */
export type ToThread =
  | { readonly do: 'lead' | 'stop' }
  | { readonly do: 'know'; readonly others: Readonly<Record<string, boolean>> };

/** What it says. */
export type FromThread =
  | { readonly is: 'prepared' | 'alive' | 'over' }
  | { readonly is: 'leading'; readonly door: Address }
  | { readonly is: 'failed'; readonly code: string; readonly message: string };

/** What it is made with. */
export interface ThreadSeed {
  /** Config file of the replica. */
  readonly file: string;
  readonly passphrase: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds in which a gateway that was told to stop has to be gone. */
const STOP_MS = 30_000;
/** Milliseconds without a word from a gateway at work after which it hangs; and in which one that failed has to be gone. */
const HUNG_MS = 20_000;

/**
 * The whole gateway, in a thread of its own: prepared while another replica leads, at work while this one does. What a
 * leader holds in memory must be gone when it leads no more, and there is no surer way than to end its thread.
 */
export class LeaderThread {
  readonly #worker: Worker;
  readonly #hungMs: number;
  readonly #prepared = Promise.withResolvers<void>();
  readonly #leading = Promise.withResolvers<Address>();
  readonly #ended = Promise.withResolvers<Error | undefined>();
  #failure: Error | undefined;
  /** When the gateway at work was heard last; milliseconds of a clock that never jumps. */
  #heardAt = Number.POSITIVE_INFINITY;
  #late: NodeJS.Timeout | undefined;

  /**
   * @param program the module that runs in the thread
   * @param hungMs milliseconds without a word from it, once it is at work, after which it hangs
   */
  constructor(program: URL, seed: ThreadSeed, hungMs: number = HUNG_MS) {
    this.#hungMs = hungMs;
    this.#worker = new Worker(program, { workerData: { ...seed, environment: { ...seed.environment } } });
    this.#worker.on('message', (said: FromThread) => this.#hear(said));
    this.#worker.on('error', (error) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', () => this.#end());
    for (const { promise } of [this.#prepared, this.#leading]) promise.catch(() => undefined);
  }

  /**
   * Resolves when keys and statement have proven usable.
   *
   * @throws CodedError as `openCore` does for them
   */
  get prepared(): Promise<void> {
    return this.#prepared.promise;
  }

  /** Resolves when the thread is gone: with the reason, unless it was told to. */
  get ended(): Promise<Error | undefined> {
    return this.#ended.promise;
  }

  /**
   * Starts the gateway.
   *
   * @returns where it takes the connections that replicas pass on
   * @throws CodedError as `startGateway` does
   */
  lead(): Promise<Address> {
    this.#tell({ do: 'lead' });
    return this.#leading.promise;
  }

  /**
   * Tells a gateway at work which other replicas there are, and whether each was seen lately. It answers each time; one
   * that has not for long hangs, and is ended: this process would go on to show signs of life for it.
   */
  know(others: Readonly<Record<string, boolean>>): void {
    this.#tell({ do: 'know', others });
    if (performance.now() - this.#heardAt < this.#hungMs || this.#failure) return;
    this.#failure = new CodedError('INTERNAL', 'the gateway hung: its thread did not answer any more');
    void this.kill();
  }

  /** Lets the gateway finish what is under way, and end. */
  async stop(): Promise<void> {
    this.#tell({ do: 'stop' });
    const late = setTimeout(() => void this.kill(), STOP_MS);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends the gateway in the middle of whatever it does, as a crash would. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #hear(said: FromThread): void {
    if (said.is === 'alive' || said.is === 'leading') this.#heardAt = performance.now();
    if (said.is === 'prepared') this.#prepared.resolve();
    else if (said.is === 'leading') this.#leading.resolve(said.door);
    // Everything of it is closed: what the platform underneath still holds, a socket say, must not hold the lead.
    else if (said.is === 'over') void this.kill();
    else if (said.is === 'failed') {
      this.#failure ??= isErrorCode(said.code) ? new CodedError(said.code, said.message) : new Error(said.message);
      // What it opened before may not let it go, and nobody else would lead meanwhile.
      this.#late ??= setTimeout(() => void this.kill(), this.#hungMs);
    }
  }

  #end(): void {
    clearTimeout(this.#late);
    const reason = this.#failure ?? new CodedError('SHUTTING_DOWN');
    this.#prepared.reject(reason);
    this.#leading.reject(reason);
    this.#ended.resolve(this.#failure);
  }
}
