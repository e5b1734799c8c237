import { Type } from '@fastify/type-provider-typebox';
import { boolean, fields, text } from '#proto';
import type { AgreementContent } from '#trust';
import type { AgreementView } from '../../authorization/agreement-view.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, Digest, described, instant, page } from '../views/schemas.ts';

const tags = ['授权 / authorizations'];
const Id = Type.Object({ id: Type.String() }, CLOSED);

const outline = {
  id: Type.String(),
  digest: Digest,
  peer: Type.String({ description: '对方地区 / other party' }),
  proposer: Type.String({ description: '提出方 / region that proposed it' }),
  state: Type.Unsafe<AgreementView['state']>({ type: 'string' }),
  content: described<AgreementContent>(
    '双方、事项、权限、字段、有效期和条款 / parties, grants, fields, validity, terms',
  ),
  code: Type.String({ description: '上次提出或接受失败的原因 / why the last proposal or acceptance failed, or empty' }),
  activatedAt: Type.Optional(instant('生效 / in force since')),
  revocation: Type.Optional(
    Type.Object({ by: Type.String(), reason: Type.String(), forCause: Type.Boolean(), at: Type.Integer() }),
  ),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
};
const Outline = Type.Object(outline);
const View = Type.Object({
  ...outline,
  document: Type.String({ description: '签名文件 / the document as it is signed, by one region or both' }),
});

const Draft = described<object>(
  '协议内容，不含 id、version、created_at / an agreement without id, version and created_at: ' +
    '{parties, grants: [{grantor, grantee, department, rights, items, modes}], fields, valid_from, valid_until, terms, supersedes?}',
);
const revocation = fields({ reason: text(500), forCause: boolean });

/** Mutual authorizations (相互授权): proposing, accepting, revoking. */
export function authorizationRoutes({ authorizations }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/authorizations',
      {
        schema: {
          tags,
          summary: '授权列表 / list authorizations',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('authorizations', Outline) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['string']);
        const found = await authorizations.list({ after: after?.[0] ?? '', limit: limit + 1 });
        const { items, next } = pageOf(found, limit, ({ id }) => [id]);
        return { authorizations: items.map(({ document: _document, ...view }) => view), ...(next && { next }) };
      },
    );

    app.get(
      '/v1/authorizations/:id',
      { schema: { tags, summary: '授权 / an authorization with its document', params: Id, response: { 200: View } } },
      async (request) => authorizations.get(request.params.id),
    );

    app.post(
      '/v1/authorizations',
      {
        ...RULED,
        schema: {
          tags,
          summary: '提出授权 / sign an authorization and propose it to the other party',
          body: Draft,
          response: { 201: View },
        },
      },
      async (request, reply) => {
        const proposed = await judgingContent(() => authorizations.propose(request.body));
        return reply.code(201).send(proposed);
      },
    );

    app.post(
      '/v1/authorizations/:id/accept',
      {
        schema: {
          tags,
          summary: '接受授权 / sign what the other region proposed',
          params: Id,
          response: { 200: View },
        },
      },
      async (request) => judgingContent(() => authorizations.accept(request.params.id)),
    );

    app.post(
      '/v1/authorizations/:id/revoke',
      {
        ...RULED,
        schema: {
          tags,
          summary: '撤销授权 / end an authorization; for cause, open cases end with it',
          params: Id,
          body: Type.Object({ reason: Type.String(), forCause: Type.Boolean() }, CLOSED),
          response: { 200: View },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { reason, forCause } = readInput<{ reason: string; forCause: boolean }>(revocation, request.body);
        return authorizations.revoke(id, reason, forCause);
      },
    );
  };
}
