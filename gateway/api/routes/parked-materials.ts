import { Type } from '@fastify/type-provider-typebox';
import { fields, text } from '#proto';
import type { ScanResult } from '../../scan/scan-table.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { ScanJson } from '../views/case-schemas.ts';
import { CLOSED, Digest, instant, page } from '../views/schemas.ts';

const tags = ['材料 / materials'];

const ParkedJson = Type.Object({
  conversation: Type.String({ description: '会话号 / conversation' }),
  digest: Digest,
  peer: Type.String({ description: '来自何地区,本地上传为空 / region that sent it; empty for our own upload' }),
  size: Type.Integer({ description: 'bytes' }),
  receivedAt: instant('成为材料 / when it became part of its case'),
  scan: ScanJson,
});

const release = fields({ reason: text(200) });

/** Materials that the malware scan set aside (隔离), and their release. Nothing of their content is ever shown. */
export function parkedMaterialRoutes({ cases, scans }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/parked-materials',
      {
        schema: {
          tags,
          summary: '已隔离的材料 / what the malware scan set aside, the oldest first',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('materials', ParkedJson) },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest(query, ['number', 'string', 'string']);
        const place = after && { at: after[0], conversation: after[1], digest: Buffer.from(after[2], 'hex') };
        const found = await scans.parked(limit + 1, place);
        const { items, next } = pageOf(found, limit, (one) => {
          return [one.updated_at, one.conversation, one.digest.toString('hex')];
        });
        const materials = items.map(({ conversation, digest, peer, size, updated_at, scan }) => {
          const told = { conversation, digest: digest.toString('hex'), peer, size, receivedAt: updated_at };
          return { ...told, scan: JSON.parse(scan) as ScanResult };
        });
        return { materials, ...(next && { next }) };
      },
    );

    app.post(
      '/v1/cases/:key/materials/:digest/release',
      {
        ...RULED,
        schema: {
          tags,
          summary: '放行已隔离的材料 / hand a material out in spite of what the scan found',
          description:
            'key:清单中的会话号,或办件编号;文书、联办和一件事的文件也是材料 / the conversation that the list shows, or a case number; notices and files of joint cases and bundles are materials too',
          params: Type.Object({ key: Type.String(), digest: Type.String() }, CLOSED),
          body: Type.Object(
            { reason: Type.String({ description: '事由(200 字内),长期留存 / why; it is kept' }) },
            CLOSED,
          ),
          response: { 200: ScanJson },
        },
      },
      async (request) => {
        const { key, digest } = request.params as { key: string; digest: string };
        const { reason } = readInput<{ reason: string }>(release, request.body);
        const isListed = (await scans.of(key)).has(digest.toLowerCase());
        const conversation = isListed ? key : (await cases.demand(key)).conversation;
        return scans.release(conversation, Buffer.from(digest, 'hex'), { by: request.user.sub, reason });
      },
    );
  };
}
