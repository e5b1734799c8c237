import { Type } from '@fastify/type-provider-typebox';
import { STATUS_WORDS } from '#trust';
import type { CertificateRecord } from '../../certificate/library.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CertificateJson, certificateJson, SearchJson } from '../views/certificate-view.ts';
import { CLOSED, page, words } from '../views/schemas.ts';
import { type SearchBody, SearchBodyJson, searchBody } from './search-body.ts';

const tags = ['电子证照 / certificates'];
const POSITION = ['number', 'string', 'string'] as const;

/** Finding certificates in the library (证照库). */
export function certificateLibraryRoutes({ certificates, cases }: ApiContext): RouteModule {
  const conversationOf = async (key: string | null | undefined) =>
    key === undefined || key === null ? undefined : (await cases.demand(key)).conversation;

  return (app) => {
    app.get(
      '/v1/certificates',
      {
        schema: {
          tags,
          summary: '证照列表（已脱敏） / list certificates, personal data masked',
          querystring: Type.Object(
            {
              ...pageQuery,
              case: Type.Optional(Type.String({ description: '会话号或办件编号 / conversation or case number' })),
              type: Type.Optional(Type.String({ maxLength: 21, description: '证照类型代码 / code of the type' })),
              number: Type.Optional(Type.String({ maxLength: 100, description: '证照编号 / number as printed' })),
              issuer: Type.Optional(Type.String({ maxLength: 12, description: '签发地区 / region whose key signed' })),
              status: Type.Optional(
                words(STATUS_WORDS, '本地区所作的最后决定,不计有效期 / what we decided last, whatever the dates say'),
              ),
            },
            CLOSED,
          ),
          response: { 200: page('certificates', CertificateJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, POSITION);
        const { case: key, type: typeCode, number, issuer, status } = request.query;
        const conversation = await conversationOf(key);
        const filter = { conversation, typeCode, number, issuer, status };
        return pageJson(await certificates.list({ ...filter, limit: limit + 1, after }), limit);
      },
    );

    app.post(
      '/v1/certificates/search',
      {
        ...RULED,
        schema: {
          tags,
          summary: '按持证主体查找证照（须写用途，留痕；结果脱敏） / find the certificates of a holder; it is recorded',
          description:
            '证件号码和姓名只写在请求体中 / numbers and names stand in the body alone, since addresses end up in logs',
          body: SearchBodyJson,
          response: { 200: page('certificates', CertificateJson) },
        },
      },
      async (request) => {
        const body = readInput<SearchBody>(searchBody, request.body);
        const cursor = body.cursor ?? undefined;
        const { limit, after } = pageRequest({ ...(cursor !== undefined && { cursor }) }, POSITION);
        const rows = body.limit ?? limit;
        const query = {
          holder: {
            number: body.holder.number ?? undefined,
            documentType: body.holder.documentType ?? undefined,
            name: body.holder.name ?? undefined,
          },
          conversation: await conversationOf(body.case),
          typeCode: body.type ?? undefined,
          number: body.number ?? undefined,
          issuer: body.issuer ?? undefined,
          status: body.status ?? undefined,
        };
        const { sub: by, role } = request.user;
        const searcher = { by, role, purpose: body.purpose };
        return pageJson(await certificates.search({ ...query, limit: rows + 1, after }, searcher), rows);
      },
    );

    app.get(
      '/v1/certificates/searches',
      {
        schema: {
          tags,
          summary: '按持证主体查找的记录（已脱敏） / who looked for whose certificates and why, newest first',
          querystring: Type.Object({ ...pageQuery }, CLOSED),
          response: { 200: page('searches', SearchJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number']);
        const { items, next } = pageOf(await certificates.searches(limit + 1, after?.[0]), limit, (one) => [
          one.position,
        ]);
        const searches = items.map(({ position: _position, asked, ...rest }) => ({
          ...rest,
          asked: JSON.parse(asked),
        }));
        return { searches, ...(next && { next }) };
      },
    );
  };
}

function pageJson(found: readonly CertificateRecord[], limit: number) {
  const { items, next } = pageOf(found, limit, (entry) => [entry.createdAt, entry.identifier, entry.issuer]);
  return { certificates: items.map((record) => certificateJson(record, false)), ...(next && { next }) };
}
