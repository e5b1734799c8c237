import { Type } from '@fastify/type-provider-typebox';
import { boolean, fields, text } from '#proto';
import type { JointView } from '../../joint/joint-view.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, Digest, described, instant, page } from '../views/schemas.ts';

const tags = ['联办协议 / joint agreements'];
const Id = Type.Object({ id: Type.String() }, CLOSED);

const Party = Type.Object({
  region: Type.String(),
  pinned: Type.Boolean({ description: '是否已登记 / whether we pinned it' }),
  signedAt: Type.Optional(instant('签署 / signed, as far as we know')),
  acknowledgedAt: Type.Optional(instant('收到完整文件 / took the complete document; only the lead knows')),
});
const Ending = Type.Object({
  kind: Type.Unsafe<NonNullable<JointView['ending']>['kind']>({ type: 'string' }),
  by: Type.String({ description: '终止方 / region that ended it' }),
  forCause: Type.Boolean(),
  reason: Type.String(),
  at: instant('终止 / ended'),
  proof: Type.String({ description: '终止方签名 / signed by that region' }),
});
const outline = {
  id: Type.String(),
  digest: Digest,
  lead: Type.String({ description: '牵头地区 / region that leads' }),
  state: Type.Unsafe<JointView['state']>({ type: 'string' }),
  content: described<JointView['content']>(
    '各方、分工、次序、时限、字段和条款 / parties, parts, order, limits, fields, terms',
  ),
  parties: Type.Array(Party),
  stages: Type.Array(Type.Array(Type.String()), {
    description: '办理次序,同组并联 / order of the parts, those of a group side by side',
  }),
  advice: Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() })),
  code: Type.String({ description: '上次发送失败的原因 / why something that was sent failed, or empty' }),
  failedBy: Type.String({ description: '失败的地区 / at which party' }),
  activatedAt: Type.Optional(instant('生效 / in force since')),
  ending: Type.Optional(Ending),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
};
const Outline = Type.Object(outline);
const View = Type.Object({
  ...outline,
  document: Type.String({ description: '签名文件 / the document as it is signed' }),
});

const Draft = described<object>(
  '协议内容,不含 id、version、lead、created_at / without id, version, lead and created_at: {name, parties: [region], ' +
    'receiving, handover, parts: [{id, region, department, item, after, working_days}], fields: [{path, parts}], ' +
    'working_days, sign_by, valid_from, valid_until, terms}',
);
const refusal = fields({ reason: text(500) });
const revocation = fields({ reason: text(500), forCause: boolean });

/** Joint-handling agreements (多地联办协议): proposing, signing, refusing, revoking. */
export function jointRoutes({ joint }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/joint-agreements',
      {
        schema: {
          tags,
          summary: '联办协议列表 / list joint agreements',
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('agreements', Outline) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['string']);
        const found = await joint.list({ after: after?.[0] ?? '', limit: limit + 1 });
        const { items, next } = pageOf(found, limit, ({ id }) => [id]);
        return { agreements: items.map(({ document: _document, ...view }) => mutable(view)), ...(next && { next }) };
      },
    );

    app.get(
      '/v1/joint-agreements/:id',
      {
        schema: {
          tags,
          summary: '联办协议 / a joint agreement with its document',
          params: Id,
          response: { 200: View },
        },
      },
      async (request) => mutable(await joint.get(request.params.id)),
    );

    app.post(
      '/v1/joint-agreements',
      {
        ...RULED,
        schema: {
          tags,
          summary: '牵头提出联办协议 / sign a joint agreement as its lead and propose it to the other parties',
          body: Draft,
          response: { 201: View },
        },
      },
      async (request, reply) => {
        const proposed = await judgingContent(() => joint.propose(request.body));
        return reply.code(201).send(mutable(proposed));
      },
    );

    app.post(
      '/v1/joint-agreements/:id/sign',
      { schema: { tags, summary: '签署联办协议 / sign what the lead proposed', params: Id, response: { 200: View } } },
      async (request) => mutable(await judgingContent(() => joint.sign(request.params.id))),
    );

    app.post(
      '/v1/joint-agreements/:id/refuse',
      {
        ...RULED,
        schema: {
          tags,
          summary: '拒签联办协议 / refuse to sign; it ends for all',
          params: Id,
          body: Type.Object({ reason: Type.String() }, CLOSED),
          response: { 200: View },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { reason } = readInput<{ reason: string }>(refusal, request.body);
        return mutable(await joint.refuse(id, reason));
      },
    );

    app.post(
      '/v1/joint-agreements/:id/revoke',
      {
        ...RULED,
        schema: {
          tags,
          summary: '撤回或撤销联办协议 / withdraw our signature, or revoke what is in force; it ends for all',
          params: Id,
          body: Type.Object({ reason: Type.String(), forCause: Type.Boolean() }, CLOSED),
          response: { 200: View },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { reason, forCause } = readInput<{ reason: string; forCause: boolean }>(revocation, request.body);
        return mutable(await joint.revoke(id, reason, forCause));
      },
    );
  };
}

type Mutable<T> = T extends readonly (infer E)[] ? Mutable<E>[] : T;

/** The lists of a view as the schemas type them. */
function mutable<V extends Omit<JointView, 'document'>>({ parties, stages, advice, ...rest }: V) {
  return {
    ...rest,
    parties: parties as Mutable<V['parties']>,
    stages: stages as Mutable<V['stages']>,
    advice: advice as Mutable<V['advice']>,
  };
}
