import { Type } from '@fastify/type-provider-typebox';
import { fields, oneOf, optional } from '#proto';
import type { ApiContext } from '../context.ts';
import { RULED, readQuery } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import {
  BundleImportJson,
  BundleJson,
  bundleImportJson,
  bundleJson,
  WholeBundleJson,
  wholeBundleJson,
} from '../views/bundle-view.ts';
import { CLOSED, described } from '../views/schemas.ts';

const tags = ['一件事 / bundles'];
/** Bytes of a file of bundles. */
const MAX_IMPORT_BYTES = 4 * 1024 * 1024;
const importing = fields({ dryRun: optional(oneOf('true', 'false')) });

/** One-thing bundles (一件事) of our region: what one application opens. */
export function bundleRoutes({ bundles }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/bundles',
      {
        schema: {
          tags,
          summary: '一件事列表 / our bundles, in the order of their codes',
          response: { 200: Type.Object({ bundles: Type.Array(BundleJson) }) },
        },
      },
      async () => ({ bundles: (await bundles.list()).map(bundleJson) }),
    );

    app.get(
      '/v1/bundles/:code',
      {
        schema: {
          tags,
          summary: '一件事的申请表和材料清单 / a bundle with its merged form and its merged list of materials',
          params: Type.Object({ code: Type.String({ maxLength: 64 }) }, CLOSED),
          response: { 200: WholeBundleJson },
        },
      },
      async ({ params }) => wholeBundleJson(await bundles.get(params.code)),
    );

    app.put(
      '/v1/bundles',
      {
        ...RULED,
        bodyLimit: MAX_IMPORT_BYTES,
        schema: {
          tags,
          summary: '导入一件事 / import bundles of ours; known ones are replaced, every version is kept',
          querystring: Type.Object(
            { dryRun: Type.Optional(Type.String({ description: 'true: 只检查,不写入 / only judge' })) },
            CLOSED,
          ),
          body: described<object>('{note?, bundles: [{code, name, lead, parts, working_days, …}]}'),
          response: { 200: BundleImportJson },
        },
      },
      async ({ body, query }) => {
        const dryRun = readQuery<{ dryRun?: string }>(importing, query).dryRun === 'true';
        return bundleImportJson(await bundles.importBundles(body, { dryRun }), dryRun);
      },
    );
  };
}
