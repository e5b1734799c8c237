import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { pathToFileURL } from 'node:url';
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';
import { CodedError } from '#proto';
import type { OidcConfig } from '../../config/tokens-config.ts';
import { MODERN_TLS } from '../../door/modern-tls.ts';
import { fetchFile } from '../../federation/fetch-file.ts';

/** Milliseconds that keys serve before they are asked for again, and that they serve at most while nobody answers. */
const FRESH_MS = 10 * 60_000;
const STALE_MS = 24 * 60 * 60_000;
/** Milliseconds between two questions: after an answer, so that invented keys cost the issuer nothing; after none. */
const ANSWERED_MS = 60_000;
const FAILED_MS = 10_000;
/** Milliseconds that an answer may take, its bytes and its keys. */
const ANSWER_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;

const PUBLIC = new Set(['RSA', 'EC', 'OKP']);

export interface IssuerKeysOptions extends Pick<OidcConfig, 'keys' | 'caFile'> {
  readonly clock: { now(): number };
  /** The keys cannot be had now, or are none. */
  readonly onError: (error: unknown) => void;
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The public keys of an issuer of tokens, as it last told them. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #url: URL;
  #held: { readonly find: KeySet; readonly etag: string; readonly at: number } | undefined;
  #next = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#url = 'url' in options.keys ? new URL(options.keys.url) : pathToFileURL(options.keys.file);
  }

  /**
   * The key that a token names. One that is not known is asked for, at most once a minute, or every ten seconds after no answer.
   *
   * @throws CodedError ISSUER_UNREACHABLE when no keys were ever had, or none for a day
   * @throws JOSEError when there is no such key
   */
  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    const age = this.#age();
    if (age >= STALE_MS) await this.#ask();
    else if (age >= FRESH_MS) void this.#ask();
    const known = this.#demand();
    try {
      return await known(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#ask();
      return await this.#demand()(header);
    }
  }

  #age(): number {
    const now = this.#options.clock.now();
    // A clock that was set back makes no keys younger.
    return this.#held && now >= this.#held.at ? now - this.#held.at : Number.POSITIVE_INFINITY;
  }

  #demand(): KeySet {
    if (!this.#held || this.#age() >= STALE_MS) throw new CodedError('ISSUER_UNREACHABLE');
    return this.#held.find;
  }

  #ask(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#asking) return this.#asking;
    if (now < this.#next && this.#next - now <= ANSWERED_MS) return Promise.resolve();
    this.#asking = this.#read()
      .then(
        () => {
          this.#next = now + ANSWERED_MS;
        },
        (error) => {
          this.#next = now + FAILED_MS;
          this.#options.onError(error);
        },
      )
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #read(): Promise<void> {
    const { caFile, clock } = this.#options;
    const isRemote = this.#url.protocol === 'https:';
    const agent = isRemote ? new Agent({ ...MODERN_TLS, ...(caFile && { ca: await readFile(caFile) }) }) : undefined;
    try {
      const etag = this.#held?.etag ?? '';
      const fetched = await fetchFile(this.#url, {
        etag,
        maxBytes: MAX_BYTES,
        agent,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const at = clock.now();
      if (fetched) this.#held = { find: createLocalJWKSet(keySetIn(fetched.text)), etag: fetched.etag, at };
      else if (this.#held) this.#held = { ...this.#held, at };
    } finally {
      agent?.destroy();
    }
  }
}

/** Only keys that verify: a secret that stands there by mistake must never become one that others could sign with. */
function keySetIn(text: string): JSONWebKeySet {
  const { keys } = Object(JSON.parse(text)) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new TypeError('the answer is not a set of keys');
  const verifying = (keys as JWK[]).filter(
    (key) => PUBLIC.has(String(key?.kty)) && key.d === undefined && key.use !== 'enc' && typeof key.kid === 'string',
  );
  if (verifying.length === 0) throw new TypeError('the set holds no public key that has a kid');
  return { keys: verifying };
}
