import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Address } from '../config/address.ts';
import { callerOf } from '../door/caller.ts';
import type { ReplicaState } from './replica-state.ts';

/** Connections of probes at once, and of one address. */
const MAX_CONNECTIONS = 64;
const PER_ADDRESS = 16;
/** Milliseconds for a request, and between two looks at those that are late. */
const REQUEST_MS = 5_000;
const LOOK_MS = 1_000;

export interface Probe {
  /** Where it listens. */
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/**
 * Answers about this replica itself, whoever leads. /healthz: the process answers. /readyz: what comes here reaches the
 * leader (503 if not). /metrics: the same, for Prometheus.
 *
 * @param requestMs milliseconds for a request
 */
export async function openProbe(listen: Address, state: () => ReplicaState, requestMs = REQUEST_MS): Promise<Probe> {
  const connectionsCheckingInterval = Math.min(LOOK_MS, requestMs);
  const patience = { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval };
  const idle = new IdleConnections();
  const server = createServer(patience, (request, response) => {
    const now = state();
    idle.admit(request.socket);
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(metricsOf(now));
      return;
    }
    const isKnown = request.url === '/healthz' || request.url === '/readyz';
    response.statusCode = !isKnown ? 404 : request.url === '/readyz' && !now.ready ? 503 : 200;
    response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(now));
  });
  server.on('connection', (socket) => idle.admit(socket));
  server.listen(listen);
  await once(server, 'listening');
  return {
    address: server.address() as AddressInfo,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Connections by when they last asked. One too many ends the one that has been silent longest, and is taken itself. */
class IdleConnections {
  readonly #callers = new Map<Socket, string>();

  /** A connection is new, or asks. */
  admit(socket: Socket): void {
    const caller = this.#callers.get(socket) ?? callerOf(socket.remoteAddress ?? '');
    if (!this.#callers.delete(socket)) {
      socket.once('close', () => this.#callers.delete(socket));
      this.#makeRoom(caller);
    }
    this.#callers.set(socket, caller);
  }

  #makeRoom(caller: string): void {
    const own = [...this.#callers].filter(([, of]) => of === caller);
    const [oldest] = own.length >= PER_ADDRESS ? own : this.#callers.size >= MAX_CONNECTIONS ? this.#callers : [];
    if (!oldest) return;
    this.#callers.delete(oldest[0]);
    oldest[0].destroy();
  }
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
