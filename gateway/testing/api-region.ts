import type { ApiContext } from '../api/context.ts';
import { ROUTE_ACCESS } from '../api/route-access.ts';
import { allRoutes } from '../api/routes/index.ts';
import { startTestApi, type TestApi } from '../api/testing/api.ts';
import type { LiveRegion } from './live-region.ts';

/** The API of a region, with all its routes over the region's real rooms. */
export async function apiOf({ core, services, wire }: LiveRegion, changes: Partial<ApiContext> = {}): Promise<TestApi> {
  const context: ApiContext = {
    ...core,
    ...services,
    ...wire,
    log: core.evidence,
    ...changes,
  };
  return startTestApi({
    routes: allRoutes(context),
    access: ROUTE_ACCESS,
    limits: { bodyBytes: 2 * 1024 * 1024, requestsPerMinute: 1_000_000 },
  });
}
