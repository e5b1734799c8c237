import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { TypedFastify } from '../typed.ts';

/** Whether the gateway can do its work now, and which part of it cannot. */
export interface ReadyState {
  readonly ready: boolean;
  /** Name of each part that was looked at, and whether it is well. */
  readonly checks: Readonly<Record<string, boolean>>;
}

/** /healthz: the process answers. /readyz: it can work (503 if not). /metrics: its numbers, for Prometheus. */
export function addProbes(
  app: TypedFastify,
  options: { log: Log; metrics: Metrics; ready: () => Promise<ReadyState> },
): void {
  const { log, metrics } = options;
  app.get('/healthz', { schema: { summary: '存活 / alive' } }, async () => ({ status: 'alive' }));
  app.get('/readyz', { schema: { summary: '就绪 / ready' } }, async (_request, reply) => {
    const { ready, checks } = await options.ready().catch((err: unknown): ReadyState => {
      log.error({ err }, 'cannot find out whether the gateway is ready');
      return { ready: false, checks: {} };
    });
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
  app.get('/metrics', { schema: { summary: '指标 / metrics' } }, async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}
