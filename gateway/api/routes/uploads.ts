import type { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError, fields, integer, LIMITS, oneOf, optional, text } from '#proto';
import type { UploadState } from '../../case/uploads/resumable-uploads.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { HttpFault } from '../problem.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, nothing } from '../views/schemas.ts';

const tags = ['材料 / materials'];
const TUS = '1.0.0';
const PART = 'application/offset+octet-stream';
const Key = Type.Object({ key: Type.String() }, CLOSED);
const Place = Type.Object({ key: Type.String(), digest: Type.String() }, CLOSED);
const Version = Type.String({ description: '1.0.0' });
const HOW = '断点续传协议 tus 1.0.0(core、creation、expiration、termination) / the protocol tus 1.0.0';

const UploadJson = Type.Object({
  name: Type.String({ description: '材料名称' }),
  mediaType: Type.String(),
  offset: Type.Integer({ description: '已收到的字节 / bytes that are here' }),
  size: Type.Integer({ description: '总字节 / bytes of the whole' }),
  done: Type.Boolean({ description: '已成为办件材料 / whether it is a material of the case' }),
  expiresAt: instant('到期 / then it is forgotten'),
});

const creation = fields({
  length: integer(1, LIMITS.materialBytes),
  metadata: fields({
    name: text(200),
    digest: text(64, { pattern: /^[0-9a-f]{64}$/, hint: 'must be the SHA-256 of the file, hex' }),
    mediatype: optional(
      text(100, { pattern: /^[\w.+-]+\/[\w.+-]+$/, hint: 'must be a media type such as application/pdf' }),
    ),
    grade: optional(oneOf('C', 'D')),
  }),
});

interface Creation {
  readonly length: number;
  readonly metadata: {
    readonly name: string;
    readonly digest: string;
    readonly mediatype?: string;
    readonly grade?: 'C' | 'D';
  };
}

/** Files of cases in parts (断点续传), by tus 1.0. The address of an upload ends with the digest of its file. */
export function uploadRoutes({ cases, uploads, scans, examinations }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/cases/:key/uploads',
      {
        ...RULED,
        schema: {
          tags,
          summary: '开始断点续传 / announce a file that comes in parts',
          description: `${HOW}。Upload-Metadata:name 材料名称、digest 文件的 SHA-256(hex)、mediatype、grade,值为 base64 / values in base64`,
          params: Key,
          headers: Type.Object({
            'tus-resumable': Version,
            'upload-length': Type.String({ description: `字节数 / bytes, at most ${LIMITS.materialBytes}` }),
            'upload-metadata': Type.String({ description: 'name …,digest …,mediatype …' }),
          }),
          response: { 201: nothing('Location: 上传地址 / address of the upload') },
        },
      },
      async (request, reply) => {
        const { key } = request.params as { key: string };
        await cases.demand(key);
        demandTus(request);
        const { length, metadata } = readInput<Creation>(creation, {
          length: Number(header(request, 'upload-length') ?? Number.NaN),
          metadata: readMetadata(header(request, 'upload-metadata') ?? ''),
        });
        const { name, digest, mediatype: mediaType = 'application/octet-stream', grade = 'C' } = metadata;
        const state = await uploads.create(key, { name, digest, mediaType, grade, size: length }, request.user.sub);
        reply.header('location', `/v1/cases/${encodeURIComponent(key)}/uploads/${digest}`);
        return told(reply, state).code(201).send();
      },
    );

    app.get(
      '/v1/cases/:key/uploads/:digest',
      {
        exposeHeadRoute: true,
        schema: {
          tags,
          summary: '续传进度 / how far an upload is; HEAD says it in Upload-Offset',
          params: Place,
          response: { 200: UploadJson },
        },
      },
      async (request, reply) => {
        const { key, digest } = request.params;
        const state = await uploads.state(key, digest.toLowerCase());
        const { name, mediaType, offset, size, expiresAt, doneAt } = state;
        return told(reply, state).send({ name, mediaType, offset, size, done: doneAt !== undefined, expiresAt });
      },
    );

    app.patch(
      '/v1/cases/:key/uploads/:digest',
      {
        ...RULED,
        bodyLimit: LIMITS.materialBytes + LIMITS.frameBytes,
        config: { streams: PART },
        schema: {
          tags,
          summary: '上传一段 / a part, from where the upload is',
          description: `${HOW}。最后一段之后核对摘要并成为办件材料 / with the last part the digest is checked and the file becomes a material`,
          consumes: [PART],
          params: Place,
          headers: Type.Object({
            'tus-resumable': Version,
            'upload-offset': Type.String({ description: '已上传的字节数 / bytes that are there' }),
          }),
          response: { 204: nothing('Upload-Offset') },
        },
      },
      async (request, reply) => {
        const { key, digest } = request.params as { key: string; digest: string };
        await uploads.state(key, digest.toLowerCase());
        demandTus(request);
        const { offset } = readInput<{ offset: number }>(fields({ offset: integer(0, LIMITS.materialBytes) }), {
          offset: Number(header(request, 'upload-offset') ?? Number.NaN),
        });
        const body = request.body as unknown as Readable;
        const { state, material } = await uploads.append(key, digest.toLowerCase(), offset, body);
        if (material) {
          scans.wake();
          examinations.wake();
        }
        return told(reply, state).code(204).send();
      },
    );

    app.delete(
      '/v1/cases/:key/uploads/:digest',
      {
        schema: {
          tags,
          summary: '放弃上传 / give an upload up',
          params: Place,
          response: { 204: nothing('已完成 / done') },
        },
      },
      async (request, reply) => {
        const { key, digest } = request.params;
        await uploads.remove(key, digest.toLowerCase());
        return reply.code(204).header('tus-resumable', TUS).send();
      },
    );
  };
}

/** @throws HttpFault REQUEST_INVALID with status 412 */
function demandTus(request: FastifyRequest): void {
  if (header(request, 'tus-resumable') === TUS) return;
  throw new HttpFault('REQUEST_INVALID', 412, `send Tus-Resumable: ${TUS}`, { headers: { 'tus-version': TUS } });
}

function told(reply: FastifyReply, { offset, size, expiresAt }: UploadState): FastifyReply {
  return reply.headers({
    'tus-resumable': TUS,
    'upload-offset': offset,
    'upload-length': size,
    'upload-expires': new Date(expiresAt).toUTCString(),
    'cache-control': 'no-store',
  });
}

/** Pairs of a name and base64, as tus writes them. @throws CodedError VALIDATION_FAILED */
function readMetadata(value: string): Record<string, string> {
  const pairs = value.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', base64 = '', ...rest] = pair.trim().split(' ');
      const bytes = Buffer.from(base64, 'base64');
      if (rest.length > 0 || bytes.toString('base64') !== base64) throw malformed();
      return [name.toLowerCase(), bytes.toString()];
    }),
  );
}

function malformed(): CodedError {
  const message = 'must be pairs of a name and base64, with commas between them';
  return new CodedError('VALIDATION_FAILED', undefined, [
    { pointer: '/headers/upload-metadata', code: 'FORMAT', message },
  ]);
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
