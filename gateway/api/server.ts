import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type RouteOptions } from 'fastify';
import { CodedError } from '#proto';
import type { Address } from '../config/address.ts';
import type { ConnectionLimits } from '../door/connections.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type AccessTable, findAccess, LOOKS, SESSION_OPENING, SHELL_ACCESS } from './roles.ts';
import { type AuditSink, auditActs } from './shell/auditing.ts';
import { type Duties, guard, type TokenRules } from './shell/authentication.ts';
import { acceptBodies, demandMediaType, demandNoBody } from './shell/bodies.ts';
import { answerBadHttp, errorHandler, noSuchRoute, REQUEST_ID } from './shell/errors.ts';
import {
  demandHeaders,
  KEEP_ALIVE_MS,
  limitBodyTime,
  limitConnections,
  PATIENCE,
  type Patience,
  serverOptions,
  tlsServerOptions,
} from './shell/http-limits.ts';
import { describeApi } from './shell/openapi.ts';
import { addProbes, type ReadyState } from './shell/probes.ts';
import { watchRequests } from './shell/under-way.ts';
import { AJV_OPTIONS, demandClosedSchemas } from './shell/validation.ts';
import type { ApiTls } from './tls/api-tls.ts';
import type { RouteModule, TypedFastify } from './typed.ts';

export type { ReadyState } from './shell/probes.ts';
export type { RouteModule, TypedFastify } from './typed.ts';

export interface ApiServerOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: { now(): number };
  /** Makes a fresh UUID; the answer's x-request-id, the problem's instance and the log have it. */
  readonly newRequestId: () => string;
  /** Region code and version of the program, for the description of the API. */
  readonly about: { readonly region: string; readonly version: string };
  readonly tokens: TokenRules;
  readonly duties: Duties;
  /** Where acts are written down; tests of other things have none. */
  readonly audit?: AuditSink;
  readonly limits: {
    /** Bytes of a body, unless its route sets another `bodyLimit`. */
    readonly bodyBytes: number;
    readonly requestsPerMinute: number;
  };
  /** Addresses and networks of web servers before us, whose word about the address of a client is believed. */
  readonly trustedProxies?: readonly string[];
  /** Plain HTTP when absent. */
  readonly tls?: ApiTls | undefined;
  /** Unlimited when absent. */
  readonly connections?: ConnectionLimits;
  /** {@link PATIENCE} when absent. */
  readonly patience?: Patience;
  readonly routes: readonly RouteModule[];
  /** Who may use the routes. */
  readonly access: AccessTable;
  readonly ready: () => Promise<ReadyState>;
}

export interface ApiServer {
  /** Fastify, for tests that inject requests. */
  readonly app: TypedFastify;
  /** Begins to listen; port 0 takes a free one. Returns where it listens. */
  listen(address: Address): Promise<Address>;
  /** Takes a connection over that came elsewhere, as if it had come here. */
  readonly accept: (socket: Socket) => void;
  /** Takes no new requests (SHUTTING_DOWN), lets those under way finish for at most `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
}

/**
 * Makes the REST API: checks who calls, what they send and how often, before any route sees it; answers every error
 * as problem+json; describes itself. The routes come from outside.
 *
 * @throws Error if a route has no entry in the table of access, an entry no route, or a schema lets unknown fields in
 * @throws CodedError KEY_MISSING if the key of the tokens is too short
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { log, metrics, limits, routes, connections, tls, trustedProxies = [], patience = PATIENCE } = options;
  const handleError = errorHandler(log);
  const app: TypedFastify = fastify({
    ajv: AJV_OPTIONS,
    bodyLimit: limits.bodyBytes,
    trustProxy: [...trustedProxies],
    genReqId: options.newRequestId,
    clientErrorHandler: answerBadHttp,
    frameworkErrors: handleError,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    http: serverOptions(patience),
    requestTimeout: patience.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: 200 },
    ...(tls && { serverFactory: (handler: RequestListener) => tls.serve(handler, tlsServerOptions(patience)) }),
  }).withTypeProvider<TypeBoxTypeProvider>();

  const known = restrictRoutes(app, { ...SHELL_ACCESS, ...options.access });
  if (connections) limitConnections(app, connections, trustedProxies);
  const allAnswered = watchRequests(app.server);
  let isClosing = false;
  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request) => noSuchRoute(known, request));
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  });
  const admit = await guard(app, { ...options, requestsPerMinute: limits.requestsPerMinute });
  app.addHook('onRequest', async (request, reply) => {
    reply.header(REQUEST_ID, request.id);
    if (isClosing) throw new CodedError('SHUTTING_DOWN');
    demandHeaders(request);
    await admit(request);
    demandMediaType(request);
  });
  app.addHook('preParsing', async (request, reply) => limitBodyTime(request, reply, patience));
  app.addHook('preValidation', async (request) => demandNoBody(request));
  app.addHook('onSend', async (_request, reply) => {
    // A connection kept alive would hold up the end for as long as its client likes.
    if (isClosing) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    metrics.requestAnswered(route, reply.statusCode);
    const { id, method, user } = request;
    const how = {
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime),
      ...(user && { role: user.role }),
    };
    const write = request.routeOptions.config.access === 'probe' ? log.debug : log.info;
    write({ request: id, method, route, ...how }, 'request answered');
  });
  if (options.audit) auditActs(app, options.audit, options.clock, log);
  acceptBodies(app);
  await describeApi(app, options.about);
  addProbes(app, options);
  for (const addRoutes of routes) addRoutes(app);
  await app.ready();
  return {
    app,
    listen: (address) => listen(app, address),
    accept: (socket) => app.server.emit('connection', socket),
    close: async (graceMs) => {
      isClosing = true;
      await close(app, allAnswered, graceMs);
    },
  };
}

/** Gives each route its access from the table; what is not in it, or is in it without a route, stops the start. */
function restrictRoutes(app: TypedFastify, table: AccessTable): readonly { method: string; url: string }[] {
  const unused = new Set(Object.keys(table));
  const known: { method: string; url: string }[] = [];
  app.addHook('onRoute', (route: RouteOptions) => {
    demandClosedSchemas(route);
    for (const method of [route.method].flat()) {
      // HEAD is GET without the body; only the files of the documentation and the status lists have it.
      const found = findAccess(table, method === 'HEAD' ? 'GET' : method, route.url);
      if (!found) throw new Error(`${method} ${route.url} has no entry in the table of access`);
      unused.delete(found[0]);
      const isAct = !['GET', 'HEAD'].includes(method) && !LOOKS.has(found[0]);
      const needsFactor = isAct && found[0] !== SESSION_OPENING;
      route.config = { ...route.config, access: found[1], isAct, needsFactor };
      known.push({ method, url: route.url });
    }
  });
  app.addHook('onReady', async () => {
    if (unused.size > 0) throw new Error(`the table of access names what no route serves: ${[...unused].join(', ')}`);
  });
  return known;
}

async function listen(app: TypedFastify, { host, port }: Address): Promise<Address> {
  await app.listen({ host, port });
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('the API listens on something without a port');
  return { host: bound.address, port: bound.port };
}

async function close(app: TypedFastify, allAnswered: () => Promise<void>, graceMs: number): Promise<void> {
  const cutOff = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    // It waits for the connections that came to it, and knows nothing of those that came elsewhere.
    await Promise.all([app.close(), allAnswered()]);
  } finally {
    clearTimeout(cutOff);
  }
}
