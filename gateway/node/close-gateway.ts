import type { ApiServer } from '../api/server.ts';
import type { ApiTls } from '../api/tls/api-tls.ts';
import { removeRunFile } from '../config/run-file.ts';
import type { Core } from './core.ts';
import type { Services } from './services.ts';
import type { Wire } from './wire.ts';

/** What of a gateway is open: after a start that failed in the middle only as far as it came. */
export interface OpenGateway {
  readonly core: Core;
  services?: Services;
  wire?: Wire;
  tls?: ApiTls;
  api?: ApiServer;
  tending?: NodeJS.Timeout;
}

/** Milliseconds that requests under way have at the end: another replica waits for the lead. */
const GRACE_MS = 5_000;

type Closing = () => Promise<unknown> | unknown;

/**
 * Inside out: first nothing new comes in, last the store closes. Nothing may be left open: a door or a timer would keep the
 * process alive, and with it the place of whoever could do better. So one that fails is logged, and the others follow.
 *
 * @throws AggregateError of what failed, when all is done
 */
export async function closeGateway({ core, services, wire, tls, api, tending }: OpenGateway): Promise<void> {
  const failures: unknown[] = [];
  const closings: readonly Closing[] = [
    () => clearInterval(tending),
    () => core.refresh.stop(),
    () => wire?.validity.stop(),
    ...(services ? [sideBySide(workOf(services))] : []),
    () => api?.close(GRACE_MS),
    () => tls?.stop(),
    () => services?.audit.stop(),
    () => services?.auditExporter?.stop(),
    () => services?.papers.close(),
    () => services?.sealing.close(),
    () => wire?.server.stop(),
    () => wire?.dispatcher.stop(),
    () => services?.authorizations.stop(),
    () => services?.joint.stop(),
    () => services?.jointCases.stop(),
    () => core.federation.stop(),
    () => core.timestamps?.stop(),
    () => core.evidence.stop(),
    () => core.atRest.stop(),
    () => core.store.close(),
    () => core.closeKeys(),
    () => removeRunFile(core.config.data, process.pid),
  ];
  for (const close of closings)
    try {
      await close();
    } catch (error) {
      core.log.error({ err: error }, 'something could not be closed; the rest is');
      failures.push(error);
    }
  await core.closeLog();
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
}

/** What the services do by themselves, and what they send. */
function workOf(services: Services): readonly { stop(): Promise<unknown> | unknown }[] {
  const { limits, inquiryWatch, scans, examinations, erasures, archive, oldCases } = services;
  const { paperWork, serviceWatch, platforms, webhooks, eventStreams } = services;
  const watches = [limits, inquiryWatch, scans, examinations, erasures, archive, oldCases];
  return [...watches, paperWork, serviceWatch, platforms, webhooks, eventStreams];
}

/** So that one that takes long adds nothing to another. */
function sideBySide(work: readonly { stop(): Promise<unknown> | unknown }[]): Closing {
  return async () => {
    const ends = await Promise.allSettled(work.map(async (one) => one.stop()));
    const failed = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason as unknown);
    if (failed.length > 0) throw new AggregateError(failed, 'not all work could be stopped');
  };
}
