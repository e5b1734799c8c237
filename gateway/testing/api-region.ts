import { roleFor } from '../api/acting-role.ts';
import type { ApiContext } from '../api/context.ts';
import type { Role } from '../api/roles.ts';
import { ROUTE_ACCESS } from '../api/route-access.ts';
import { allRoutes } from '../api/routes/index.ts';
import type { ApiServerOptions } from '../api/server.ts';
import { startTestApi, type TestApi } from '../api/testing/api.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders } from './live-region.ts';

/** A region with its API. */
export interface ApiRegion {
  readonly live: LiveRegion;
  readonly api: TestApi;
  readonly folder: string;
  /** Asks the API in a role that may, as an operator if that is enough, unless told otherwise; a body is sent as JSON, bytes as they are. */
  ask(method: Method, url: string, options?: Asked): Promise<Told>;
  /** How many rows each table has, but for what the evidence log writes by itself after a while. */
  counts(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Asked {
  readonly role?: Role;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the API answered; the JSON is undefined when it answered something else. */
export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly json: any;
}

/** The API of a region, with all its routes over the region's real rooms. @param more what else the server is told */
export async function apiOf(
  { core, services, wire }: LiveRegion,
  more: Partial<ApiServerOptions> = {},
): Promise<TestApi> {
  const context: ApiContext = {
    ...{ ...core, ...services, ...wire, log: core.evidence, office: core.config.office },
    version: '0.1.0',
  };
  return startTestApi({
    routes: allRoutes(context),
    access: ROUTE_ACCESS,
    limits: { bodyBytes: 2 * 1024 * 1024, requestsPerMinute: 1_000_000 },
    ...more,
  });
}

/** Makes a region and opens it with its API. @param prepare may change its folder before it opens */
export async function apiRegion(
  code: string,
  prepare: (folder: string) => Promise<void> = async () => {},
  options: Parameters<typeof makeRegionFolder>[1] = {},
): Promise<ApiRegion> {
  const folder = await makeRegionFolder(code, options);
  await prepare(folder);
  const live = await openLiveRegion(folder);
  const api = await apiOf(live);
  return {
    live,
    api,
    folder,
    ask: async (method, url, { role = roleFor(method, url.split('?')[0]!), body, headers } = {}) => {
      const raw = body instanceof Buffer;
      const type = raw ? 'application/octet-stream' : 'application/json';
      const answer = await api.app.inject({
        method,
        url,
        headers: {
          authorization: await api.bearer(role),
          ...(body !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(body !== undefined && { payload: raw ? body : JSON.stringify(body) }),
      });
      const isJson = /\/(problem\+)?json/.test(String(answer.headers['content-type']));
      return {
        status: answer.statusCode,
        headers: answer.headers,
        bytes: answer.rawPayload,
        json: isJson ? answer.json() : undefined,
      };
    },
    counts: () => countRows(live),
    close: async () => {
      await api.close(0);
      await live.stop();
      await removeFolders(folder);
    },
  };
}

async function countRows({ core }: LiveRegion): Promise<Record<string, number>> {
  const { read } = core.store;
  const tables = await read.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
       AND name NOT IN ('log_run', 'log_node', 'log_state', 'peer_checkpoint', 'witnessed_note', 'cosignature')`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) counts[name] = (await read.get<{ n: number }>(`SELECT count(*) AS n FROM ${name}`))!.n;
  return counts;
}
