import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { guardedLookup } from './targets.ts';

/** As much of an answer's body as is read away to keep the connection; beyond it the connection is dropped. */
const MAX_DRAINED_BYTES = 64 * 1024;

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Connections to one platform, kept for the next request. Must be destroyed by the caller.
 *
 * @param networks internal networks into which its name may lead; none when absent
 */
export function agentFor(url: URL, networks: readonly string[] | null | undefined): HttpAgent {
  const options = { keepAlive: true, lookup: guardedLookup(networks ?? []) };
  return url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
}

/**
 * Sends one POST and reports the head of the answer. Follows no redirect and looks at no body. node:http rather than
 * fetch: fetch refuses some ports and unpacks compressed answers.
 *
 * @param signal ends the request, and the reading away of the answer's body
 * @throws whatever node:http reports: nobody knows then whether the request arrived
 */
export function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  agent: HttpAgent,
  signal: AbortSignal,
): Promise<PostAnswer> {
  return respond({ url, headers, body, agent, signal }, (response, resolve) => {
    resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
    drain(response);
  });
}

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * One request of any method, with the head of its answer and its body. Follows no redirect.
 *
 * @param maxBytes of the body; beyond it the connection is dropped and `body` is undefined; 0: nobody wants to read it
 * @throws whatever node:http reports: nobody knows then whether the request arrived
 */
export function ask(exchange: Exchange, maxBytes: number): Promise<AnswerHead & BodyAnswer> {
  return respond(exchange, (response, resolve, reject) => {
    const { headers } = response;
    if (maxBytes > 0) return takeBody(maxBytes)(response, (answer) => resolve({ ...answer, headers }), reject);
    resolve({ status: response.statusCode ?? 0, headers, body: undefined });
    drain(response);
  });
}

/**
 * As `ask`, with the body as it comes. The caller reads it or destroys it; it has no bound of its own.
 */
export function askForStream(exchange: Exchange): Promise<StreamAnswer> {
  return respond(exchange, (response, resolve) => {
    resolve({ status: response.statusCode ?? 0, headers: response.headers, stream: response });
  });
}

export interface StreamAnswer extends AnswerHead {
  readonly stream: IncomingMessage;
}

/** `body` is undefined when it is longer than was allowed. */
export interface BodyAnswer {
  readonly status: number;
  readonly body: Buffer | undefined;
}

type Taking<T> = (response: IncomingMessage, resolve: (answer: T) => void, reject: (error: Error) => void) => void;

function takeBody(maxBytes: number): Taking<BodyAnswer> {
  return (response, resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('error', reject);
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else {
        resolve({ status: response.statusCode ?? 0, body: undefined });
        response.destroy();
      }
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
  };
}

/** A body that is read while it goes out. */
export interface StreamedBody {
  /** Bytes, all of which come. */
  readonly length: number;
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface Exchange {
  readonly url: URL;
  /** POST when there is a body, else GET, when absent. */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly agent: HttpAgent;
  readonly signal: AbortSignal;
  /** What a connection over TLS shows and believes, beyond the usual. */
  readonly tls?: TlsFiles;
}

/** PEM of a client's own certificate and key, and of the authority of the other side; the system's authorities when absent. */
export interface TlsFiles {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

function respond<T>(exchange: Exchange, take: Taking<T>): Promise<T> {
  const { body } = exchange;
  return new Promise((resolve, reject) => {
    begin(exchange, body?.length, (response) => take(response, resolve, reject), reject).end(body);
  });
}

function begin(
  { url, headers, agent, signal, tls, ...exchange }: Exchange,
  length: number | undefined,
  onResponse: (response: IncomingMessage) => void,
  onError: (error: Error) => void,
): ClientRequest {
  const { method = length === undefined ? 'GET' : 'POST' } = exchange;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const sized = length === undefined ? {} : { 'content-length': length };
  const options = { method, headers: { ...headers, ...sized }, agent, signal, ...tls };
  return send(url, options, onResponse).on('error', onError);
}

/** Nothing moved for too long. */
export class StalledRequest extends Error {}

/**
 * One request whose body is read while it goes out. An answer that says that it was taken counts when all of it has gone;
 * any other one ends it.
 *
 * @param idleMs without anything that moves after which it is given up
 * @param maxBytes of the answer's body, as with `ask`
 * @throws StalledRequest, what reading the body throws, and whatever node:http reports
 */
export async function askStreaming(
  exchange: Omit<Exchange, 'body'>,
  body: StreamedBody,
  idleMs: number,
  maxBytes: number,
): Promise<AnswerHead & BodyAnswer> {
  const answered = Promise.withResolvers<AnswerHead & BodyAnswer>();
  const { resolve, reject } = answered;
  const take = (response: IncomingMessage) =>
    takeBody(maxBytes)(response, (answer) => resolve({ ...answer, headers: response.headers }), reject);
  const request = begin(exchange, body.length, take, reject);
  giveUpWhenIdle(request, idleMs);
  const sent = pipeline(Readable.from(body.bytes(exchange.signal), { objectMode: false }), request);
  for (const end of [answered.promise, sent]) end.catch(() => undefined);
  try {
    const early = await Promise.race([answered.promise, sent]);
    if (early && early.status >= 200 && early.status < 300) await sent;
    return await answered.promise;
  } finally {
    if (!request.writableFinished) request.destroy();
  }
}

/** The time that a request has of its own begins when it is connected. */
function giveUpWhenIdle(request: ClientRequest, idleMs: number): void {
  const giveUp = () => request.destroy(new StalledRequest());
  const unconnected = setTimeout(giveUp, idleMs);
  const connected = () => clearTimeout(unconnected);
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  request.once('close', connected);
  request.setTimeout(idleMs, giveUp);
}

/** Reads the body away. What happens to it no longer matters: the answer is known. */
function drain(response: IncomingMessage): void {
  let drained = 0;
  response.on('error', () => response.destroy());
  response.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > MAX_DRAINED_BYTES) response.destroy();
  });
}
