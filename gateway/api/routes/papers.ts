import { Type } from '@fastify/type-provider-typebox';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { hasTag, quoted } from '../helpers/etag.ts';
import { isShownInFull, MASKED, purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { PaperJson, paperJson, paperTitle } from '../views/paper-view.ts';
import { bytesOf, CLOSED, words } from '../views/schemas.ts';

const tags = ['文书 / notices of a case'];
const PDF = 'application/pdf';
const Key = Type.Object(
  { key: Type.String({ description: '会话号或办件编号 / conversation or case number' }) },
  CLOSED,
);
const Place = Type.Object({ key: Type.String(), number: Type.String({ description: '文号 / its number' }) }, CLOSED);
const FORMS =
  '原件为中文,由行为地区签名;gloss=en 为中英对照阅读件,未写明用途则为脱敏阅读件,两者均不签名 / the original is signed by the region that acted; a copy for reading has English beside it, or is masked without a purpose, and is not signed';

/** Notices of cases as documents (文书). */
export function paperRoutes(context: ApiContext): RouteModule {
  const { cases, papers } = context;

  return (app) => {
    app.get(
      '/v1/cases/:key/papers',
      {
        schema: {
          tags,
          summary: '办件的文书 / the notices of a case, of both regions',
          params: Key,
          response: { 200: Type.Object({ papers: Type.Array(PaperJson) }) },
        },
      },
      async (request) => {
        const file = await cases.demand(request.params.key);
        return { papers: (await papers.list(file)).map(paperJson) };
      },
    );

    app.get(
      '/v1/cases/:key/papers/:number',
      {
        schema: {
          tags,
          summary: '文书 PDF / a notice as a PDF',
          description: `${FORMS}。${MASKED}`,
          params: Place,
          querystring: Type.Object(
            { gloss: Type.Optional(words(['en'], '英文对照 / English beside the Chinese')), ...purposeQuery },
            CLOSED,
          ),
          response: {
            200: bytesOf(PDF, '文书 / the notice'),
            304: Type.Unsafe<undefined>({ type: 'null', description: '未变 / it is the one that the caller has' }),
          },
        },
      },
      async (request, reply) => {
        const { key, number } = request.params;
        const file = await cases.demand(key);
        const paper = await papers.demand(file, number);
        const wanted = { conversation: file.conversation, what: 'paper', subject: number } as const;
        const masked = !(await isShownInFull(context, request, wanted));
        const form = { gloss: request.query.gloss === 'en', masked };
        const tag = papers.nameOf(paper, form);
        reply.headers({ etag: quoted(tag), 'cache-control': 'private, no-cache' });
        if (hasTag(request, tag)) return reply.code(304).send();
        // One of ours was made here; one that came is a file like any other.
        if (paper.issuer !== context.region) await context.scans.demandClean(file.conversation, paper.digest);
        const pdf = await papers.pdf(file, paper, form);
        return reply
          .type(PDF)
          .header('content-disposition', attachment(`${paperTitle(paper.kind)}${number}.pdf`))
          .send(pdf);
      },
    );
  };
}
