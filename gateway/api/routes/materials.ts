import { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { messages } from '#proto';
import { CodedError, fields, LIMITS, oneOf, optional, text } from '#proto';
import { readActInput } from '../../case/case-input.ts';
import { peek, shownType } from '../../material/file-kind.ts';
import { codePointName } from '../../rendition/text.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { wordsOfCopy } from '../helpers/copy-words.ts';
import { hasTag, quoted } from '../helpers/etag.ts';
import { demandPurpose, purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { MaterialJson } from '../views/case-schemas.ts';
import { materialJson } from '../views/case-view.ts';
import { bytesOf, CLOSED, Handler, words } from '../views/schemas.ts';

const tags = ['材料 / materials'];
const Key = Type.Object({ key: Type.String() }, CLOSED);
const Place = Type.Object({ key: Type.String(), digest: Type.String() }, CLOSED);
const OCTETS = 'application/octet-stream';
const COPY =
  '水印件由 PDF、JPEG、PNG 生成,不留存,原件不变 / a copy is made of PDF, JPEG and PNG, and not kept; the original stays as it is';

const upload = fields({
  query: fields({ name: text(200), grade: optional(oneOf('C', 'D')) }),
  headers: fields({
    'x-media-type': text(100, {
      pattern: /^[\w.+-]+\/[\w.+-]+$/,
      hint: 'must be a media type such as application/pdf',
    }),
  }),
});

/** Files of cases (材料), in and out in constant memory. */
export function materialRoutes(context: ApiContext): RouteModule {
  const { cases, materials, copies, examinations, scans } = context;

  return (app) => {
    app.post(
      '/v1/cases/:key/materials',
      {
        ...RULED,
        // Beyond what a material may have, so that the store says what is wrong.
        bodyLimit: LIMITS.materialBytes + LIMITS.frameBytes,
        config: { streams: OCTETS },
        onRequest: async (request) => demandSize(request),
        schema: {
          tags,
          summary: '上传材料 / add a file; it is named by its SHA-256',
          description: `请求体为文件本身 / the body is the file itself, at most ${LIMITS.materialBytes} bytes; its media type in x-media-type`,
          consumes: [OCTETS],
          params: Key,
          querystring: Type.Object(
            {
              name: Type.String({
                description: '材料名称，与事项要求一致，不写姓名 / as the item names it; nobody is named in it',
              }),
              grade: Type.Optional(words(['C', 'D'], '默认 / default C')),
            },
            CLOSED,
          ),
          headers: Type.Object({
            'x-media-type': Type.Optional(Type.String({ description: `默认 / default ${OCTETS}` })),
          }),
          response: { 201: MaterialJson },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        const { query, headers } = readInput<Upload>(upload, {
          query: request.query,
          headers: { 'x-media-type': request.headers['x-media-type'] ?? OCTETS },
        });
        const { conversation } = await cases.demand(key);
        const material = await cases.addMaterial(
          conversation,
          { name: query.name, grade: query.grade ?? 'C', mediaType: headers['x-media-type'] },
          request.body as unknown as Readable,
        );
        scans.wake();
        examinations.wake();
        return reply.code(201).send(materialJson(material));
      },
    );

    app.post(
      '/v1/cases/:key/materials/:digest/check',
      {
        ...RULED,
        schema: {
          tags,
          summary: '原件核验 / a window compared the original; the material becomes grade B',
          params: Place,
          body: Type.Object({ handler: Handler }, CLOSED),
          response: { 200: MaterialJson },
        },
      },
      async (request) => {
        const { key, digest } = request.params as { key: string; digest: string };
        const { handler } = readActInput<{ handler: messages.Handler }>('receive', request.body);
        const { conversation } = await cases.demand(key);
        return materialJson(await cases.checkOriginal(conversation, digest.toLowerCase(), handler));
      },
    );

    app.get(
      '/v1/cases/:key/materials/:digest',
      {
        schema: {
          tags,
          summary: '下载材料,或其水印件 / the file, or a watermarked copy of it',
          description: `${COPY};须写明用途,留痕 / it needs a purpose and is recorded`,
          params: Place,
          querystring: Type.Object(
            { copy: Type.Optional(words(['watermarked'], '水印件 / a copy for reading')), ...purposeQuery },
            CLOSED,
          ),
          response: {
            200: bytesOf(OCTETS, '文件,或水印件(PDF) / the file, or a copy as a PDF'),
            304: Type.Unsafe<undefined>({
              type: 'null',
              description: '水印件未变 / the copy is the one that the caller has',
            }),
          },
        },
      },
      async (request, reply) => {
        const file = await cases.demand(request.params.key);
        const { conversation, document } = file;
        const digest = request.params.digest.toLowerCase();
        // A file that a peer staged is part of the case only once an envelope named it.
        const material = document.materials.find((candidate) => candidate.digest === digest);
        if (!material) throw new CodedError('NOT_FOUND', 'the case has no such material');
        const what = request.query.copy ? 'copy' : 'material';
        // Before the look is recorded: nobody sees what is set aside.
        await scans.demandClean(conversation, Buffer.from(digest, 'hex'));
        await demandPurpose(context, request, { conversation, what, subject: digest });
        if (request.query.copy) {
          const words = await wordsOfCopy(context, file, material);
          const tag = copies.nameOf(digest, words);
          reply.headers({ etag: quoted(tag), 'cache-control': 'private, no-cache' });
          if (hasTag(request, tag)) return reply.code(304).send();
          const { pdf, missing } = await copies.copy(conversation, digest, words);
          if (missing.length > 0) reply.header('x-missing-characters', missing.map(codePointName).join(' '));
          return reply
            .type('application/pdf')
            .header('content-disposition', attachment(`${material.name}-水印件.pdf`))
            .send(Buffer.from(pdf));
        }
        const { size, bytes } = await materials.open(conversation, Buffer.from(digest, 'hex'));
        const { head, all } = await peek(bytes);
        return reply
          .type(shownType(material.mediaType, head))
          .header('content-length', size)
          .header('content-disposition', attachment(material.name))
          .send(Readable.from(all, { objectMode: false }));
      },
    );
  };
}

interface Upload {
  readonly query: { readonly name: string; readonly grade?: 'C' | 'D' };
  readonly headers: { readonly 'x-media-type': string };
}

/** What says itself that it is too large is refused before it is sent. */
function demandSize({ headers }: FastifyRequest): void {
  if (Number(headers['content-length'] ?? 0) > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
}
