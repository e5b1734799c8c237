import { CodedError } from '#proto';
import type { Clock, KeyStore, Signer } from '#trust';
import type { Log } from '../telemetry/log.ts';
import type { KeyRing } from './key-ring.ts';
import { issueNext, type OwnConfig, sameContent } from './next-statement.ts';

export interface StatementRefreshOptions {
  readonly config: OwnConfig;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'error'>;
  readonly keyring: KeyRing;
  /** Opens the keys as they are now. */
  readonly openKeys: () => Promise<KeyStore>;
}

/** Milliseconds between two looks. */
const LOOK_MS = 60 * 60 * 1000;
/** Milliseconds before its end from which on a statement is issued again. */
const BEFORE_END_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Issues our statement again before it ends (声明自动续签), where the identity key is on this machine: the same content for
 * another year. What is new waits for an operator. Where the identity key is away nothing happens here; the watch over
 * validities warns in time.
 */
export class StatementRefresh {
  readonly #options: StatementRefreshOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<boolean> | undefined;

  constructor(options: StatementRefreshOptions) {
    this.#options = options;
  }

  /** Looks now and then every hour. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
    await this.look();
  }

  /** Lets a look under way finish. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks once; a failure is told to the log and tried again at the next look. @returns whether it issued a statement */
  look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<boolean> {
    const { log } = this.#options;
    if (!this.#isClose()) return false;
    try {
      return await this.#issue();
    } catch (error) {
      log.error({ err: error }, 'our statement is close to its end and could not be issued again; it is tried again');
      return false;
    }
  }

  async #issue(): Promise<boolean> {
    const { config, clock, log, keyring } = this.#options;
    // An operator may have put the next one into the folder without telling us.
    await keyring.reload();
    if (!this.#isClose()) return false;
    const identity = await this.#identity();
    if (identity?.kid !== keyring.statement.identity) return false;
    const { serial } = await issueNext(config, { identity, now: clock.now(), content: sameContent });
    await keyring.reload();
    log.info({ serial }, 'our statement was close to its end and was issued again');
    return true;
  }

  #isClose(): boolean {
    const { clock, keyring } = this.#options;
    return keyring.statement.expiresAt - clock.now() <= BEFORE_END_MS;
  }

  /** Undefined when the identity key is away. */
  async #identity(): Promise<Signer | undefined> {
    const keys = await this.#options.openKeys();
    return keys.signer('identity').catch((error) => {
      if (error instanceof CodedError && error.code === 'KEY_MISSING') return undefined;
      throw error;
    });
  }
}
