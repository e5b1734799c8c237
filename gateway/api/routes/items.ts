import { Type } from '@fastify/type-provider-typebox';
import { checkRegionCode, fields, identifier, oneOf, optional, text } from '#proto';
import type { ApiContext } from '../context.ts';
import { RULED, readInput, readQuery } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import {
  AlignmentJson,
  CatalogueJson,
  catalogueJson,
  ImportJson,
  ItemJson,
  itemJson,
  VersionJson,
  versionJson,
} from '../views/item-view.ts';
import { CLOSED, described } from '../views/schemas.ts';

const tags = ['事项 / items'];
/** Bytes of a file of items: 2,000 of them with their materials. */
const MAX_IMPORT_BYTES = 16 * 1024 * 1024;

const Region = Type.String({ pattern: '^[0-9]{6}$' });
const Scope = Type.String({ minLength: 1, maxLength: 50, description: '通办范围 / scope' });
const importing = fields({ dryRun: optional(oneOf('true', 'false')) });
const publication = fields({ peer: identifier(checkRegionCode), scope: text(50) });

/** Items (事项), their versions, and catalogues (通办清单). */
export function itemRoutes(context: ApiContext): RouteModule {
  return (app) => {
    for (const addRoutes of [reading(context), writing(context)]) addRoutes(app);
  };
}

function reading({ catalogue, region: own }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/items',
      {
        schema: {
          tags,
          summary: '事项列表 / our items, or those that another region published to us',
          querystring: Type.Object({ region: Type.Optional(Region), scope: Type.Optional(Scope) }, CLOSED),
          response: { 200: Type.Object({ items: Type.Array(ItemJson) }) },
        },
      },
      async ({ query }) => ({ items: (await catalogue.list(query.region ?? own, query.scope)).map(itemJson) }),
    );

    app.get(
      '/v1/items/alignment',
      {
        schema: {
          tags,
          summary: '对标报告 / our items and those of a peer held against each other',
          querystring: Type.Object(
            { peer: Region, item: Type.Optional(Type.String({ maxLength: 64, description: '任一方事项编码' })) },
            CLOSED,
          ),
          response: { 200: AlignmentJson },
        },
      },
      async ({ query: { peer, item } }) => ({
        ours: own,
        theirs: peer,
        ...(await catalogue.alignment(peer, item)),
      }),
    );

    app.get(
      '/v1/items/:region/:code/versions',
      {
        schema: {
          tags,
          summary: '事项版本 / every version of an item that was in force, newest first',
          params: Type.Object({ region: Region, code: Type.String() }, CLOSED),
          response: { 200: Type.Object({ versions: Type.Array(VersionJson) }) },
        },
      },
      async ({ params }) => ({ versions: (await catalogue.versions(params.region, params.code)).map(versionJson) }),
    );

    app.get(
      '/v1/catalogues',
      {
        schema: {
          tags,
          summary: '通办清单 / the catalogues that we published and those that were published to us, by scope',
          response: { 200: Type.Object({ catalogues: Type.Array(CatalogueJson) }) },
        },
      },
      async () => ({ catalogues: (await catalogue.catalogues()).map(catalogueJson) }),
    );
  };
}

function writing({ catalogue }: ApiContext): RouteModule {
  return (app) => {
    app.put(
      '/v1/items',
      {
        ...RULED,
        bodyLimit: MAX_IMPORT_BYTES,
        schema: {
          tags,
          summary: '导入事项 / import items of ours; known ones are replaced, every version is kept',
          querystring: Type.Object(
            { dryRun: Type.Optional(Type.String({ description: 'true: 只比较,不写入 / only compare' })) },
            CLOSED,
          ),
          body: described<object>('{note?, items: [{code, name, department, applicant, modes, …}]}'),
          response: { 200: ImportJson },
        },
      },
      async ({ body, query }) => {
        const dryRun = readQuery<{ dryRun?: string }>(importing, query).dryRun === 'true';
        const items = await catalogue.importItems(body, { dryRun });
        const count = (change: string) => items.filter((one) => one.change === change).length;
        return {
          imported: dryRun ? 0 : items.length,
          added: count('added'),
          changed: count('changed'),
          unchanged: count('unchanged'),
          items: items.map((one) => ({ ...one, fields: [...one.fields] })),
        };
      },
    );

    app.post(
      '/v1/catalogue/publish',
      {
        ...RULED,
        schema: {
          tags,
          summary: '发布通办清单 / send a pinned region all our items of one scope',
          body: Type.Object({ peer: Type.String(), scope: Scope }, CLOSED),
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
