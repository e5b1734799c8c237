import { CodedError, isErrorCode, type Problem } from '#proto';
import { roleFor } from '../api/acting-role.ts';
import { mintToken, readApiKey } from '../api/token.ts';
import { findGateway } from '../config/run-file.ts';
import { localSubject } from '../duty/administrator.ts';
import type { CliContext } from './command.ts';
import { configIn } from './gateway-folder.ts';
import { type Fetch, httpsFetch, plainFetch } from './https-fetch.ts';

/** Long enough for the longest command, a big upload begins with it; short enough to be worthless when it leaks. */
const TOKEN_SECONDS = 300;
/** Milliseconds; a question to another region takes its time. */
const ANSWER_WITHIN_MS = 60_000;

type Query = Readonly<Record<string, string | number | undefined>>;

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Blob;
  /** Milliseconds until the answer is complete; none for streams. */
  readonly timeoutMs?: number;
}

/** The token for a request. */
export type TokenFor = (request: Pick<Request, 'method' | 'path'>) => Promise<string>;

/**
 * Finds the running gateway of a folder and becomes its client: with the token of TONGBAN_TOKEN, or with one of the local key
 * whose role is that of the route; over TLS, with the client certificate of the environment, where the gateway has TLS.
 *
 * @throws CodedError CONFIG_INVALID, KEY_MISSING, GATEWAY_UNREACHABLE
 */
export async function connect(
  folder: string,
  { clock, environment }: Pick<CliContext, 'clock' | 'environment'>,
): Promise<GatewayClient> {
  const config = await configIn(folder);
  const { http } = await findGateway(config.data, config.replica?.name);
  const { tls } = config.http;
  const send = tls && http.startsWith('https:') ? await httpsFetch(tls.certificateFile, environment ?? {}) : plainFetch;
  const given = environment?.['TONGBAN_TOKEN'];
  if (given) return new GatewayClient(http, async () => given, send);
  const secret = await readApiKey(config.keys.directory);
  const tokenFor: TokenFor = ({ method, path }) => {
    const role = roleFor(method, path);
    const identity = { role, subject: localSubject(role) ?? 'cli', ttlSeconds: TOKEN_SECONDS };
    return mintToken({ ...identity, secret, ...config.tokens, now: clock.now() });
  };
  return new GatewayClient(http, tokenFor, send);
}

/** The REST API of one gateway. Every method throws the error that the gateway answers, with its code and problems. */
export class GatewayClient {
  readonly #url: string;
  readonly #tokenFor: TokenFor;

  readonly #fetch: Fetch;

  constructor(url: string, tokenFor: TokenFor, fetch: Fetch = plainFetch) {
    this.#url = url;
    this.#tokenFor = tokenFor;
    this.#fetch = fetch;
  }

  get<T>(path: string, query?: Query): Promise<T> {
    return this.#json<T>({ method: 'GET', path, ...(query && { query }) });
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#json<T>({ method: 'POST', path, ...asJson(body) });
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>({ method: 'PUT', path, ...asJson(body) });
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>({ method: 'PATCH', path, ...asJson(body) });
  }

  async delete(path: string): Promise<void> {
    await this.#send({ method: 'DELETE', path, timeoutMs: ANSWER_WITHIN_MS });
  }

  /** Sends a file as it is; it is streamed. */
  async upload<T>(path: string, query: Query, mediaType: string, body: Blob): Promise<T> {
    const headers = { 'content-type': 'application/octet-stream', 'x-media-type': mediaType };
    return (await (await this.#send({ method: 'POST', path, query, headers, body })).json()) as T;
  }

  /** Sends lines of JSON and gives the lines that are answered, while they are sent. */
  async converse(path: string, lines: Blob): Promise<ReadableStream<Uint8Array>> {
    const headers = { 'content-type': 'application/x-ndjson' };
    return (await this.#send({ method: 'POST', path, headers, body: lines })).body ?? new Blob([]).stream();
  }

  /** What a path holds, as a stream. */
  async download(path: string): Promise<ReadableStream<Uint8Array>> {
    return (await this.#send({ method: 'GET', path })).body ?? new Blob([]).stream();
  }

  async #json<T>(request: Request): Promise<T> {
    const response = await this.#send({ timeoutMs: ANSWER_WITHIN_MS, ...request });
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new CodedError('GATEWAY_UNREACHABLE', `${this.#url} does not answer as a gateway does`, [], { cause });
    }
  }

  async #send({ method, path, query, headers, body, timeoutMs }: Request): Promise<Response> {
    const url = new URL(path, this.#url);
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const token = await this.#tokenFor({ method, path });
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}` },
        ...(body !== undefined && { body }),
        ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
      });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const reason = typeof code === 'string' ? ` (${code})` : '';
      const message = `${this.#url} does not answer${reason}; is the gateway running?`;
      throw new CodedError('GATEWAY_UNREACHABLE', message, [], { cause });
    }
    if (!response.ok) throw await answeredError(response);
    return response;
  }
}

/** A path with the parameters encoded: whatever a user types stays inside its segment. */
export function path(parts: TemplateStringsArray, ...parameters: readonly string[]): string {
  return parts.reduce((before, part, index) => `${before}${encodeURIComponent(parameters[index - 1]!)}${part}`);
}

function asJson(body: unknown): Pick<Request, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The error that a gateway answered as problem+json (RFC 9457). */
async function answeredError(response: Response): Promise<CodedError> {
  const problem = (await response.json().catch(() => undefined)) as
    | { code?: unknown; detail?: unknown; errors?: unknown }
    | undefined;
  const code = String(problem?.code);
  if (!isErrorCode(code))
    return new CodedError('GATEWAY_UNREACHABLE', `HTTP ${response.status} is not the answer of a gateway`);
  const errors = Array.isArray(problem?.errors) ? (problem.errors as Problem[]) : [];
  return new CodedError(code, typeof problem?.detail === 'string' ? problem.detail : undefined, errors);
}
