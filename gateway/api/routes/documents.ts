import type { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';
import { DOCUMENT_LIMITS } from '#trust';
import type { ApiContext } from '../context.ts';
import { RULED } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { DocumentReportJson, documentReportJson } from '../views/document-view.ts';
import { CLOSED } from '../views/schemas.ts';

const tags = ['部门文件 / documents'];
const OCTETS = 'application/octet-stream';
const Place = Type.Object({ key: Type.String(), digest: Type.String() }, CLOSED);

/** Departments' own files (OFD, PDF) and the seals on them. Nothing that is sent here is kept. */
export function documentRoutes({ cases, documents }: ApiContext): RouteModule {
  return (app) => {
    app.post(
      '/v1/documents/verify',
      {
        ...RULED,
        bodyLimit: DOCUMENT_LIMITS.fileBytes,
        config: { streams: OCTETS },
        schema: {
          tags,
          summary: '核验部门自有文件的签章 / examine an OFD or PDF and its own seals',
          description: `请求体为文件本身 / the body is the file itself, at most ${DOCUMENT_LIMITS.fileBytes} bytes`,
          consumes: [OCTETS],
          response: { 200: DocumentReportJson },
        },
      },
      async (request) => documentReportJson(await documents.examine(request.body as unknown as Readable)),
    );

    app.get(
      '/v1/cases/:key/materials/:digest/report',
      {
        schema: {
          tags,
          summary: '核验办件材料的签章 / examine a material of a case that is an OFD or PDF',
          params: Place,
          response: { 200: DocumentReportJson },
        },
      },
      async (request) => {
        const { conversation, document } = await cases.demand(request.params.key);
        const digest = request.params.digest.toLowerCase();
        // A file that a peer staged is part of the case only once an envelope named it.
        if (!document.materials.some((material) => material.digest === digest))
          throw new CodedError('NOT_FOUND', 'the case has no such material');
        return documentReportJson(await documents.examineMaterial(conversation, Buffer.from(digest, 'hex')));
      },
    );
  };
}
