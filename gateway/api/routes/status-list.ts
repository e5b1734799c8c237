import { Type } from '@fastify/type-provider-typebox';
import type { ApiContext } from '../context.ts';
import { etag, isUnchanged } from '../helpers/etag.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED } from '../views/schemas.ts';

const tags = ['电子证照 / certificates'];

/** Media type of a status list (draft-ietf-oauth-status-list). */
const MEDIA_TYPE = 'application/statuslist+jwt';

/**
 * The status lists of our certificates (证照状态列表), for everybody: they say of no entry whose it is. Web pages of
 * others may read them too.
 */
export function statusListRoutes({ statusLists }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/status-lists',
      {
        exposeHeadRoute: true,
        schema: {
          tags,
          summary: '状态列表目录（公开） / addresses of all our status lists, for everybody',
          response: { 200: Type.Object({ status_lists: Type.Array(Type.String()) }) },
        },
      },
      async (_request, reply) => {
        reply.headers(forEverybody(statusLists.ttlMs));
        return { status_lists: await statusLists.addresses() };
      },
    );

    app.get(
      '/status-lists/:n',
      {
        exposeHeadRoute: true,
        schema: {
          tags,
          summary: `状态列表（公开，${MEDIA_TYPE}） / a status list, a signed JWT for everybody`,
          params: Type.Object({ n: Type.String({ pattern: '^[1-9][0-9]{0,8}$' }) }, CLOSED),
          produces: [MEDIA_TYPE],
        },
      },
      async (request, reply) => {
        const { text, issuedAt } = await statusLists.published(Number(request.params.n));
        reply.headers({ ...forEverybody(statusLists.ttlMs), etag: etag(issuedAt / 1000), vary: 'accept' });
        if (isUnchanged(request, issuedAt / 1000)) return reply.code(304).send();
        return reply.type(MEDIA_TYPE).send(text);
      },
    );
  };
}

function forEverybody(ttlMs: number): Record<string, string> {
  return {
    'cache-control': `public, max-age=${Math.floor(ttlMs / 1000)}`,
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  };
}
