import { type Static, Type } from '@fastify/type-provider-typebox';
import { checkRegionCode, fields, identifier, MODES, text } from '#proto';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, Digest, described, words } from '../views/schemas.ts';

const tags = ['事项 / items'];
/** Bytes of a file of items: 2,000 of them with their materials. */
const MAX_IMPORT_BYTES = 16 * 1024 * 1024;

const ItemJson = Type.Object({
  region: Type.String({ description: '办理地区 / region that offers it' }),
  code: Type.String({ description: '事项编码' }),
  name: Type.String({ description: '事项名称' }),
  department: Type.String({ description: '部门' }),
  departmentCode: Type.String({ description: '部门统一社会信用代码' }),
  acceptanceWorkingDays: Type.Integer({
    description: '受理时限(工作日);0 为法定五日 / working days for deciding on acceptance',
  }),
  paperOriginals: Type.Boolean({ description: '须邮寄纸质原件 / originals on paper must follow' }),
  applicant: words(['person', 'legal-person']),
  modes: Type.Array(words(MODES)),
  promisedWorkingDays: Type.Integer({ description: '承诺办结时限, 工作日 / working days' }),
  statutoryWorkingDays: Type.Integer({ description: '法定办结时限, 工作日 / working days; 0: none' }),
  materials: Type.Array(
    Type.Object({ name: Type.String(), originalToBeChecked: Type.Boolean(), mayFollowLater: Type.Boolean() }),
  ),
  result: Type.String({ description: '结果证照 / certificate that it produces' }),
  digest: Digest,
});

const publication = fields({ peer: identifier(checkRegionCode), scope: text(50) });

/** Items (事项) and catalogues (通办清单). */
export function itemRoutes({ catalogue, region: own }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/items',
      {
        schema: {
          tags,
          summary: '事项列表 / our items, or those that another region published to us',
          querystring: Type.Object({ region: Type.Optional(Type.String({ pattern: '^[0-9]{6}$' })) }, CLOSED),
          response: { 200: Type.Object({ items: Type.Array(ItemJson) }) },
        },
      },
      async (request) => {
        const found = await catalogue.list(request.query.region ?? own);
        const items = found.map(({ region, item, digest }) => ({ ...item, region, digest: digest.toString('hex') }));
        return { items: items as Static<typeof ItemJson>[] };
      },
    );

    app.put(
      '/v1/items',
      {
        ...RULED,
        bodyLimit: MAX_IMPORT_BYTES,
        schema: {
          tags,
          summary: '导入事项 / import items of ours; known ones are replaced',
          body: described<object>('{note?, items: [{code, name, department, applicant, modes, …}]}'),
          response: {
            200: Type.Object({
              imported: Type.Integer(),
              added: Type.Integer(),
              changed: Type.Integer(),
              unchanged: Type.Integer(),
            }),
          },
        },
      },
      async (request) => {
        const changes = await catalogue.importItems(request.body);
        const count = (change: string) => changes.filter((one) => one.change === change).length;
        return {
          imported: changes.length,
          added: count('added'),
          changed: count('changed'),
          unchanged: count('unchanged'),
        };
      },
    );

    app.post(
      '/v1/catalogue/publish',
      {
        ...RULED,
        schema: {
          tags,
          summary: '发布通办清单 / send all our items to a pinned region',
          body: Type.Object(
            { peer: Type.String(), scope: Type.String({ description: 'cross-province, province, …' }) },
            CLOSED,
          ),
          response: { 202: Type.Object({ version: Type.Integer(), conversation: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { peer, scope } = readInput<{ peer: string; scope: string }>(publication, request.body);
        const { version, conversation } = await catalogue.publish(peer, scope);
        return reply.code(202).send({ version, conversation });
      },
    );
  };
}
