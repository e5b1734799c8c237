import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Address } from '../config/address.ts';
import type { ReplicaState } from './replica-state.ts';

/** Connections of probes at once. */
const MAX_CONNECTIONS = 64;

export interface Probe {
  close(): Promise<void>;
}

/**
 * Answers about this replica itself, whoever leads. /healthz: the process answers. /readyz: what comes here reaches the
 * leader (503 if not). /metrics: the same, for Prometheus.
 */
export async function openProbe(listen: Address, state: () => ReplicaState): Promise<Probe> {
  const server = createServer((request, response) => {
    const now = state();
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(metricsOf(now));
      return;
    }
    const isKnown = request.url === '/healthz' || request.url === '/readyz';
    response.statusCode = !isKnown ? 404 : request.url === '/readyz' && !now.ready ? 503 : 200;
    response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(now));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = 10_000;
  server.listen(listen);
  await once(server, 'listening');
  return {
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metricsOf({ role, ready }: ReplicaState): string {
  return [
    '# HELP tongban_replica_leads Whether this replica leads (1) or stands by (0)',
    '# TYPE tongban_replica_leads gauge',
    `tongban_replica_leads ${role === 'leader' ? 1 : 0}`,
    '# HELP tongban_replica_ready Whether connections that come to this replica reach the leader',
    '# TYPE tongban_replica_ready gauge',
    `tongban_replica_ready ${ready ? 1 : 0}`,
    '',
  ].join('\n');
}
