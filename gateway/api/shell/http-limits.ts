import { BlockList, isIPv6, type Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ConnectionLimits, Connections } from '../../door/connections.ts';
import { HttpFault } from '../problem.ts';
import type { TypedFastify } from '../typed.ts';

/** Bytes of the first line of a request and its headers together, and how many headers there may be. */
export const HEADER_BYTES = 16 * 1024;
const HEADERS = 100;
/** Methods whose body nobody reads. */
const UNREAD = new Set(['GET', 'HEAD']);
/** Milliseconds between two looks at connections that are late. */
const LOOK_MS = 2_000;
/** Milliseconds until a connection that is kept open without a request is closed. */
export const KEEP_ALIVE_MS = 72_000;

/** How long the door waits for what a caller sends; milliseconds. */
export interface Patience {
  /** First line and headers. */
  readonly headersMs: number;
  /** A whole body, unless its route reads it as a stream. */
  readonly bodyMs: number;
  /** A whole request. */
  readonly requestMs: number;
}

/** Time for 200 MiB on a slow line; who needs longer is not sending. */
export const PATIENCE: Patience = { headersMs: 15_000, bodyMs: 60_000, requestMs: 600_000 };

/** What Node's own server is told. */
export function serverOptions({ headersMs }: Patience) {
  const connectionsCheckingInterval = Math.min(LOOK_MS, headersMs);
  // Its own answer to a request without a host would say nothing; `demandHeaders` does.
  const requireHostHeader = false;
  return { maxHeaderSize: HEADER_BYTES, headersTimeout: headersMs, connectionsCheckingInterval, requireHostHeader };
}

/** The same for a server with TLS, and what Fastify tells one without. */
export function tlsServerOptions(patience: Patience) {
  return { ...serverOptions(patience), requestTimeout: patience.requestMs, keepAliveTimeout: KEEP_ALIVE_MS };
}

/** Holds connections in number; web servers before us bring many callers, and count in the total only. */
export function limitConnections(app: TypedFastify, limits: ConnectionLimits, proxies: readonly string[]): void {
  const connections = new Connections(limits, isOneOf(proxies));
  app.server.prependListener('connection', (socket: Socket) => connections.admit(socket));
  // More are not kept at all: one that is dropped must not be one that counts.
  app.server.maxHeadersCount = 4 * HEADERS;
}

/** @throws HttpFault REQUEST_INVALID with status 431, or 400 without a host (RFC 9112 section 3.2) */
export function demandHeaders({ raw }: FastifyRequest): void {
  if (raw.headers.host === undefined && raw.httpVersion === '1.1')
    throw new HttpFault('REQUEST_INVALID', 400, 'the request names no host');
  if (raw.rawHeaders.length > 2 * HEADERS)
    throw new HttpFault('REQUEST_INVALID', 431, `the request has more than ${HEADERS} headers`);
}

/** Ends the wait for a body that is not a stream: whoever sends a byte a minute is not sending. */
export function limitBodyTime(
  { raw, method, routeOptions }: FastifyRequest,
  reply: FastifyReply,
  { bodyMs }: Patience,
): void {
  if (UNREAD.has(method) || routeOptions.config.streams || raw.complete) return;
  const late = setTimeout(() => {
    // Whoever reads the body hears of it and answers; an error that nobody hears would end the process.
    if (raw.listenerCount('error') === 0) raw.destroy();
    else raw.emit('error', new HttpFault('REQUEST_INVALID', 408, 'the body took too long to arrive'));
  }, bodyMs);
  const done = () => clearTimeout(late);
  raw.once('end', done).once('close', done);
  // An answer may come without a look at the body.
  reply.raw.once('finish', done).once('close', done);
}

/** Whether an address is one of these addresses, or in one of these networks. */
export function isOneOf(entries: readonly string[]): (address: string) => boolean {
  const known = networks(entries);
  return (address) => known.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function networks(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
