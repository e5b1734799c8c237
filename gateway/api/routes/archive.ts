import { Type } from '@fastify/type-provider-typebox';
import { archiveTable, type Volume } from '../../archive/archive-table.ts';
import type { ApiContext } from '../context.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, page } from '../views/schemas.ts';

const tags = ['归档 / archive'];

const VolumeJson = Type.Object({
  number: Type.Integer({ description: '卷号 / number' }),
  digest: Type.String({ description: '文件的 SHA-256 / SHA-256 of its file' }),
  previous: Type.String({ description: '前一卷文件的 SHA-256,首卷为空 / of the volume before; empty for the first' }),
  entries: Type.Integer({ description: '存证包数 / evidence bundles' }),
  size: Type.Integer({ description: '字节 / bytes of its file' }),
  closedAt: instant('封卷时间 / when it was closed'),
});

/** Volumes of archived evidence (归档卷). */
export function archiveRoutes({ archive, store }: Pick<ApiContext, 'archive' | 'store'>): RouteModule {
  return (app) => {
    app.get(
      '/v1/archive',
      {
        schema: {
          tags,
          summary: '归档卷列表 / closed volumes, newest first',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('volumes', VolumeJson) },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest(query, ['number']);
        const found = await archiveTable.volumes(store.read, limit + 1, after?.[0]);
        const { items, next } = pageOf(found, limit, ({ number }) => [number]);
        return { volumes: items.map(volumeJson), ...(next && { next }) };
      },
    );

    app.post(
      '/v1/archive/run',
      {
        schema: {
          tags,
          summary: '立即归档到期的存证,至多一卷 / archive now what is due, one volume at most',
          response: { 200: Type.Object({ closed: Type.Array(VolumeJson) }) },
        },
      },
      async () => ({ closed: (await archive.run(1)).map(volumeJson) }),
    );
  };
}

function volumeJson({ digest, previous, logPosition: _, ...volume }: Volume) {
  return { ...volume, digest: digest.toString('hex'), previous: previous.toString('hex') };
}
