import type { Socket } from 'node:net';
import type { Clock } from '#trust';
import type { ApiContext } from './api/context.ts';
import { OidcTokens } from './api/oidc/oidc-tokens.ts';
import { ROUTE_ACCESS } from './api/route-access.ts';
import { allRoutes } from './api/routes/index.ts';
import { type ApiServer, createApiServer } from './api/server.ts';
import type { TokenRules } from './api/shell/authentication.ts';
import { ApiTls } from './api/tls/api-tls.ts';
import { readApiKey } from './api/token.ts';
import { formatAddress, localUrl } from './config/address.ts';
import type { GatewayConfig } from './config/config.ts';
import { type RunInfo, writeRunFile } from './config/run-file.ts';
import { tendAudit, warnOfVacancies } from './node/audit.ts';
import { closeGateway, type OpenGateway } from './node/close-gateway.ts';
import { type Core, openCore } from './node/core.ts';
import { openServices, type Services } from './node/services.ts';
import { keepCalendar, startTending } from './node/tending.ts';
import { joinWire, type Wire } from './node/wire.ts';

/** Version of the program, as the API describes itself. */
export const VERSION = '0.1.0';

/** A gateway at work. */
export interface RunningGateway {
  readonly info: RunInfo;
  /** Takes a connection of the API over that came elsewhere. */
  readonly accept: (socket: Socket) => void;
  /** Takes nothing new, answers what is under way, and ends. Whatever is pending stays durable. */
  stop(): Promise<void>;
}

type Replicas = NonNullable<StartOptions['replicas']>;

export interface StartOptions {
  readonly config: GatewayConfig;
  readonly passphrase: string;
  readonly clock?: Clock;
  /** Environment of the process, in which libraries of tokens look for their settings. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The other replicas of a gateway that leads several, and whether each was seen lately. */
  readonly replicas?: () => Readonly<Record<string, boolean>>;
  /** Told of a start that fails, before what was opened is closed again: that may take long. */
  readonly onFailed?: (error: unknown) => void;
}

/**
 * Composes one region's gateway and starts it. Nothing is global: a process may hold several.
 *
 * @throws CodedError when keys, store, statement or configuration do not allow a start; nothing runs then
 */
export async function startGateway({
  config,
  passphrase,
  clock = { now: Date.now },
  environment = {},
  replicas = () => ({}),
  onFailed = () => undefined,
}: StartOptions): Promise<RunningGateway> {
  let wire: Wire | undefined;
  const core = await openCore({ config, passphrase, clock, environment }, (peer) => wire?.dispatcher.wake(peer));
  const opened: OpenGateway = { core };
  try {
    const services = await openServices(core, () => wire?.dispatcher);
    opened.services = services;
    wire = joinWire(core, services.handlers);
    opened.wire = wire;
    return await listen(opened, services, wire, replicas);
  } catch (error) {
    onFailed(error);
    // What could not be closed is in the log; why the start failed is what counts.
    await closeGateway(opened).catch(() => undefined);
    throw error;
  }
}

/** Opens both doors, then starts to dial. */
async function listen(
  opened: OpenGateway,
  services: Services,
  wire: Wire,
  replicas: Replicas,
): Promise<RunningGateway> {
  const { core } = opened;
  const { config, log, clock } = core;
  const { tls: files } = config.http;
  const tls = files && (await ApiTls.open({ config: files, clock, log }));
  if (tls) opened.tls = tls;
  const api = await openApi(core, services, wire, replicas, tls);
  opened.api = api;
  await services.webhooks.start();
  await services.platforms.start(config.platforms);
  const port = await wire.server.start(formatAddress(config.peer.listen));
  const http = await api.listen(config.http.listen);
  tls?.start();
  wire.dispatcher.start();
  await core.refresh.start();
  await wire.validity.start();
  await keepCalendar(core, services);
  await services.joint.tend();
  void services.jointCases.tend();
  await services.limits.start();
  await services.inquiryWatch.start();
  services.scans.wake();
  services.examinations.wake();
  services.erasures.wake();
  services.oldCases.start();
  core.atRest.start();
  services.archive.start();
  services.paperWork.start();
  services.serviceWatch.start();
  await warnOfVacancies(core, services);
  await tendAudit(core, services);
  services.auditExporter?.start();
  opened.tending = startTending(core, services);
  const info: RunInfo = {
    pid: process.pid,
    http: localUrl(http, tls !== undefined),
    peer: formatAddress({ host: config.peer.listen.host, port }),
    startedAt: clock.now(),
  };
  // A replica tells where its own doors are.
  if (!config.replica) await writeRunFile(config.data, info);
  log.info({ address: formatAddress(http), port, pid: process.pid }, 'the gateway is ready');
  return {
    info,
    accept: api.accept,
    async stop() {
      log.info({}, 'the gateway stops');
      await closeGateway(opened);
    },
  };
}

async function openApi(
  core: Core,
  services: Services,
  wire: Wire,
  replicas: Replicas,
  tls: ApiTls | undefined,
): Promise<ApiServer> {
  const { config, log, metrics, clock, newId } = core;
  const context: ApiContext = {
    region: core.region,
    version: VERSION,
    clock,
    office: config.office,
    newId,
    store: core.store,
    peers: core.peers,
    federation: core.federation,
    log: core.evidence,
    timestamps: core.timestamps,
    outbox: core.outbox,
    dispatcher: wire.dispatcher,
    deadLetters: services.deadLetters,
    recovery: wire.recovery,
    probe: wire.probe,
    validity: wire.validity,
    keyring: core.keyring,
    materials: core.materials,
    documents: core.documents,
    authorizations: services.authorizations,
    joint: services.joint,
    jointCases: services.jointCases,
    entrustments: services.entrustments,
    catalogue: services.catalogue,
    bundles: services.bundles,
    certificates: services.certificates,
    outgoingNotices: services.outgoingNotices,
    incomingNotices: services.incomingNotices,
    papers: services.papers,
    renditions: services.renditions,
    copies: services.copies,
    examinations: services.examinations,
    scans: services.scans,
    statusLists: services.statusLists,
    checks: services.checks,
    stampedCopies: services.stampedCopies,
    verification: services.verification,
    cases: services.cases,
    inquiries: services.inquiries,
    platforms: services.platforms,
    erasures: services.erasures,
    archive: services.archive,
    eventFeed: services.eventFeed,
    eventStreams: services.eventStreams,
    webhooks: services.webhooks,
    uploads: services.uploads,
    administrators: services.administrators,
    audit: services.audit,
    exportEvidence: services.exportEvidence,
    exportCheckEvidence: services.exportCheckEvidence,
  };
  metrics.watchOutbox(() => core.peers.all().reduce((sum, peer) => sum + core.outbox.pending(peer.region), 0));
  return createApiServer({
    log,
    metrics,
    clock,
    newRequestId: newId,
    about: { region: core.region, version: VERSION },
    tokens: await tokenRules(core),
    duties: services.administrators,
    audit: services.audit,
    limits: { bodyBytes: config.limits.httpBodyBytes, requestsPerMinute: config.limits.httpRequestsPerMinute },
    trustedProxies: config.http.trustedProxies,
    tls,
    connections: config.limits.connections,
    routes: allRoutes(context),
    access: ROUTE_ACCESS,
    ready: async () => readiness(core, services, replicas()),
  });
}

async function tokenRules({ config, clock, log }: Core): Promise<TokenRules> {
  const { issuer, audience, oidc } = config.tokens;
  const onError = (error: unknown) =>
    log.warn({ err: error }, 'the keys of the issuer of tokens cannot be had; it is tried again');
  return {
    ...{ secret: await readApiKey(config.keys.directory), issuer, audience },
    ...(oidc && { signOn: new OidcTokens(oidc, { clock, onError }) }),
  };
}

async function readiness(core: Core, services: Services, replicas: ReturnType<Replicas>) {
  const store = await core.store.read.get('SELECT 1 AS one').then(
    () => true,
    () => false,
  );
  const platforms = await services.platforms.health();
  const named = platforms.map(({ name, lastCode }) => [`platform:${name}`, lastCode === ''] as const);
  const parked = core.letters.counts().filter(({ queue }) => queue === 'intake');
  const refused = parked.map(({ name }) => [`submissions:${name}`, false] as const);
  const others = Object.entries(replicas).map(([name, isHere]) => [`replica:${name}`, isHere] as const);
  // A dead platform or replica, or what a platform handed in wrong, is shown, but cases still go their way.
  return { ready: store, checks: { store, ...Object.fromEntries([...named, ...refused, ...others]) } };
}
