import { setTimeout } from 'node:timers/promises';
import { CodedError } from '#proto';
import type { Clock } from '../../../clock.ts';
import type { SuiteName } from '../../../suites.ts';
import { Turns } from '../turns.ts';
import { Circuit } from './circuit.ts';
import {
  failureOf,
  listKeys,
  MAX_SIGNED_BYTES,
  type RemoteKey,
  readKeys,
  readSignature,
  signWith,
} from './protocol.ts';
import type { SignerAnswer, SignerRequest, SignerTransport } from './transport.ts';

/** A signature server as the gateway uses it. */
export interface SignatureServerOptions {
  /** Its name in the configuration. */
  readonly name: string;
  readonly transport: SignerTransport;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Requests under way at a time. */
  readonly atOnce: number;
}

/** Attempts of one call, the first included. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt; before the third it is twice as long. */
const FIRST_WAIT_MS = 200;
/** Calls that wait for their turn. */
const WAITING = 1024;
const CIRCUIT = { failures: 5, openMs: 10_000 } as const;

/**
 * A signature server (签名验签服务器) over the protocol of docs/remote-signer.md: bounded in how much is asked at a time,
 * how long an answer may take and how often a failure is tried again. What it signs must be verified by the caller.
 */
export class SignatureServer {
  readonly name: string;
  readonly #options: SignatureServerOptions;
  readonly #turns: Turns;
  readonly #circuit = new Circuit(CIRCUIT);

  constructor(options: SignatureServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#turns = new Turns({ atOnce: options.atOnce, waiting: WAITING }, () =>
      this.#unavailable('has too many signatures waiting'),
    );
  }

  /**
   * The keys that it has for us.
   *
   * @throws CodedError SIGNER_UNAVAILABLE, SIGNER_REFUSED, SIGNER_WRONG
   */
  async keys(): Promise<readonly RemoteKey[]> {
    return readKeys(this.name, await this.#call(listKeys));
  }

  /**
   * A signature with one of its keys, unverified.
   *
   * @param data up to 64 KiB
   * @throws CodedError SIGNER_UNAVAILABLE (worth trying later), SIGNER_REFUSED, SIGNER_WRONG, KEY_MISSING
   */
  async sign(key: string, suite: SuiteName, data: Uint8Array): Promise<Buffer> {
    if (data.length > MAX_SIGNED_BYTES)
      throw new CodedError('SIGNER_REFUSED', `a signature server signs up to ${MAX_SIGNED_BYTES} bytes at once`);
    return readSignature(this.name, await this.#call(signWith(key, suite, data), key));
  }

  /** A signature does no harm when it is made twice, so that every failure which may pass is tried again. */
  #call(request: SignerRequest, key?: string): Promise<SignerAnswer> {
    return this.#turns.run(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await this.#attempt(request, key);
        if (!(outcome instanceof CodedError)) return outcome;
        const passing = outcome.code === 'SIGNER_UNAVAILABLE' && this.#circuit.state === 'closed';
        if (!passing || attempt === ATTEMPTS) throw outcome;
        await setTimeout(FIRST_WAIT_MS * attempt * (0.5 + this.#options.random() / 2));
      }
    });
  }

  async #attempt(request: SignerRequest, key: string | undefined): Promise<SignerAnswer | CodedError> {
    if (!this.#circuit.ask(this.#options.clock.now()))
      return this.#unavailable('did not answer lately; it is asked again in some seconds');
    const outcome = await this.#send(request, key);
    if (outcome instanceof CodedError && outcome.code === 'SIGNER_UNAVAILABLE')
      this.#circuit.failed(this.#options.clock.now());
    else this.#circuit.answered();
    return outcome;
  }

  async #send(request: SignerRequest, key: string | undefined): Promise<SignerAnswer | CodedError> {
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const answer = await this.#options.transport.send(request, limit);
      return failureOf(this.name, key, answer.status) ?? answer;
    } catch (error) {
      if (error instanceof CodedError) return error;
      const what = limit.aborted ? `did not answer within ${this.#options.timeoutMs} ms` : 'cannot be reached';
      return this.#unavailable(what, error);
    }
  }

  #unavailable(what: string, cause?: unknown): CodedError {
    return new CodedError('SIGNER_UNAVAILABLE', `the signature server ${this.name} ${what}`, [], { cause });
  }
}
