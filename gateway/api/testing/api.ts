import { randomUUID } from 'node:crypto';
import { keepLines } from '../../../proto/testing/kept-logs.ts';
import { localSubject } from '../../duty/administrator.ts';
import { createLog } from '../../telemetry/log.ts';
import { createMetrics, type Metrics } from '../../telemetry/metrics.ts';
import type { AccessTable, Role } from '../roles.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../server.ts';
import type { Duties } from '../shell/authentication.ts';
import { mintToken } from '../token.ts';

const SECRET = Buffer.alloc(32, 7);
const ISSUER = 'urn:tongban:region:320600';
const AUDIENCE = 'tongban-api';

/** Nobody has duties: every token is as good as its role. */
const NO_DUTIES: Duties = { isSession: () => false, callerOf: async () => undefined, demand: async () => {} };

/** An API server for tests: real in every part, with a clock that can be moved and a log that can be read. */
export interface TestApi extends ApiServer {
  readonly metrics: Metrics;
  readonly clock: { now(): number; time: number };
  readonly logged: string[];
  /** Value of the Authorization header. */
  bearer(role: Role, changes?: Partial<Parameters<typeof mintToken>[0]>): Promise<string>;
}

export async function startTestApi(options: Partial<ApiServerOptions> & { access: AccessTable }): Promise<TestApi> {
  const clock = {
    time: 1_793_000_000_000,
    now() {
      return this.time;
    },
  };
  const logged: string[] = [];
  const log = createLog({ level: 'debug', region: '320600', clock }, { write: (line) => void logged.push(line) });
  const metrics = createMetrics();
  const server = await createApiServer({
    log,
    metrics,
    clock,
    newRequestId: randomUUID,
    about: { region: '320600', version: '0.1.0' },
    tokens: { secret: SECRET, issuer: ISSUER, audience: AUDIENCE },
    duties: NO_DUTIES,
    limits: { bodyBytes: 64 * 1024, requestsPerMinute: 10_000 },
    routes: [],
    ready: async () => ({ ready: true, checks: { store: true } }),
    ...options,
  });
  const bearer: TestApi['bearer'] = async (role, changes) => {
    const token = {
      role,
      subject: localSubject(role) ?? 'hall',
      ttlSeconds: 60,
      secret: SECRET,
      issuer: ISSUER,
      audience: AUDIENCE,
    };
    return `Bearer ${await mintToken({ ...token, now: clock.now(), ...changes })}`;
  };
  const close: TestApi['close'] = async (graceMs) => {
    await server.close(graceMs);
    await keepLines(logged);
  };
  return { ...server, close, metrics, clock, logged, bearer };
}
