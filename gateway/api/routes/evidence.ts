import { Type } from '@fastify/type-provider-typebox';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import type { RouteModule } from '../typed.ts';
import { bytesOf, CLOSED } from '../views/schemas.ts';

const tags = ['存证 / evidence'];

/** Evidence of cases (存证包) and the state of our log. */
export function evidenceRoutes({ cases, exportEvidence, log }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/cases/:key/evidence',
      {
        schema: {
          tags,
          summary: '导出存证包 / evidence of a case, for verification without us',
          params: Type.Object({ key: Type.String() }, CLOSED),
          response: { 200: bytesOf('application/json', '存证包 / evidence bundle') },
        },
      },
      async (request, reply) => {
        const { conversation, number } = await cases.demand(request.params.key);
        const bundle = await exportEvidence(conversation);
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', attachment(`evidence-${number}.json`))
          .send(Buffer.from(bundle));
      },
    );

    app.get(
      '/v1/log/checkpoint',
      {
        schema: {
          tags,
          summary: '存证日志检查点 / newest signed checkpoint of our log',
          response: {
            200: Type.Object({
              size: Type.Integer({ description: '条目数 / entries' }),
              checkpoint: Type.String({ description: '签名检查点 / signed note; empty before the first entry' }),
            }),
          },
        },
      },
      async () => ({ size: log.size, checkpoint: log.checkpoint }),
    );
  };
}
