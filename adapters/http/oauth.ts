import { PlatformError } from '../adapter.ts';
import { attempt, DEFAULT_TIMEOUT_MS } from './attempt.ts';
import type { Asker } from './authentication.ts';
import { readJson, valueAt } from './json.ts';
import { agentFor, ask, type TlsFiles } from './post.ts';

/** Client credentials of OAuth 2.0 (RFC 6749 section 4.4). */
export interface OAuthConfig {
  readonly type: 'oauth2';
  readonly token_url: string;
  readonly client_id: string;
  readonly secret_file: string;
  readonly scope?: string;
  /** Whether the secret stands in a header (RFC 6749 section 2.3.1) or in the body; `basic` when absent. */
  readonly style?: 'basic' | 'post';
}

/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Life of a token whose answer does not say it, in seconds. */
const DEFAULT_LIFE_SECONDS = 300;
/** A token is renewed this long before it ends, in ms, or at half of a shorter life. */
const MARGIN_MS = 30_000;
/** Longest time for which a token is kept, in ms, whatever its answer says. */
const MOST_MS = 24 * 60 * 60 * 1000;

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Tokens for one platform: one at a time, kept until shortly before it ends, in memory only. */
export class OAuthTokens {
  readonly #config: OAuthConfig;
  readonly #asker: Asker;
  readonly #url: URL;
  readonly #agent: ReturnType<typeof agentFor>;
  readonly #tls: () => Promise<TlsFiles>;
  readonly #secret: () => Promise<string>;
  readonly #closing = new AbortController();
  #token: Token | undefined;
  #asking: Promise<Token> | undefined;

  constructor(
    config: OAuthConfig,
    asker: Asker,
    networks: readonly string[] | undefined,
    tls: () => Promise<TlsFiles>,
    secret: () => Promise<string>,
  ) {
    this.#config = config;
    this.#asker = asker;
    this.#url = new URL(config.token_url);
    this.#agent = agentFor(this.#url, networks);
    this.#tls = tls;
    this.#secret = secret;
  }

  /** @throws PlatformError retryable: credentials that are wrong now can be put right without losing what waits */
  async current(signal: AbortSignal): Promise<string> {
    if (this.#token && this.#asker.now() < this.#token.until) return this.#token.value;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    this.#token = await unlessAborted(this.#asking, signal, this.#url.host);
    return this.#token.value;
  }

  /** Forgets a token that the platform does not believe, unless there is a newer one already. */
  discard(value: string | undefined): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  async #ask(): Promise<Token> {
    const { headers, body } = this.#request(await this.#secret());
    const tls = await this.#tls();
    const answer = await attempt(this.#url.host, DEFAULT_TIMEOUT_MS, this.#closing.signal, (signal) =>
      ask({ url: this.#url, headers, body, agent: this.#agent, signal, tls }, MAX_ANSWER_BYTES),
    );
    const { host } = this.#url;
    if (answer.status !== 200) throw new PlatformError(true, `the token endpoint at ${host} answered ${answer.status}`);
    const read = answer.body && readJson(answer.body, answer.headers);
    const said = read?.ok ? read.value : undefined;
    const token = valueAt(said, 'access_token');
    if (typeof token !== 'string' || !/^[!-~]{1,16384}$/.test(token))
      throw new PlatformError(true, `the token endpoint at ${host} answered without a token`);
    const life = Number(valueAt(said, 'expires_in') ?? DEFAULT_LIFE_SECONDS);
    return { value: token, until: this.#asker.now() + usable(life) };
  }

  #request(secret: string): { headers: Record<string, string>; body: Buffer } {
    const { client_id, scope, style = 'basic' } = this.#config;
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) });
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (style === 'post') {
      form.set('client_id', client_id);
      form.set('client_secret', secret);
    } else
      headers['authorization'] = `Basic ${Buffer.from(`${encoded(client_id)}:${encoded(secret)}`).toString('base64')}`;
    return { headers, body: Buffer.from(form.toString()) };
  }
}

/** Milliseconds for which a token is used. */
function usable(lifeSeconds: number): number {
  const lifeMs = Number.isFinite(lifeSeconds) && lifeSeconds > 0 ? lifeSeconds * 1000 : 0;
  return Math.min(Math.max(lifeMs - MARGIN_MS, lifeMs / 2), MOST_MS);
}

/** As in a form (RFC 6749 section 2.3.1). */
function encoded(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice('v='.length);
}

/** Others may wait for the same token: who does not want it any more only stops waiting. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, host: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new PlatformError(true, `the request to ${host} was broken off`));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
