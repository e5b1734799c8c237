import { Type } from '@fastify/type-provider-typebox';
import { fields, LIMITS, list, optionalText, text } from '#proto';
import type { EntrustmentView } from '../../entrustment/entrustment-view.ts';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, Digest, described, instant, page } from '../views/schemas.ts';

const tags = ['授权委托 / entrustments'];
const Id = Type.Object({ id: Type.String() }, CLOSED);

const Standing = Type.Object({
  code: Type.Unsafe<EntrustmentView['standing']['code']>({
    type: 'string',
    description: '现在是否有效,空为有效 / empty if it is in force now',
  }),
  message: Type.String(),
  problems: Type.Array(Type.Object({ pointer: Type.String(), code: Type.String(), message: Type.String() })),
});
const outline = {
  id: Type.String(),
  digest: Digest,
  region: Type.String({ description: '权力所属地区 / region to which the power belongs' }),
  content: described<EntrustmentView['content']>(
    '委托方、受托方、权限、事项、期限 / who entrusts whom with what, until when',
  ),
  holders: Type.Array(Type.String(), { description: '自上而下 / from the region down' }),
  standing: Standing,
  revocation: Type.Optional(
    Type.Object({ reason: Type.String(), at: instant('撤销 / revoked'), proof: Type.String() }),
  ),
  shown: Type.Array(
    Type.Object({
      peer: Type.String(),
      authorization: Type.String({ description: '所附授权 / authorization that it belongs to, or empty' }),
      at: instant('出示 / shown'),
      code: Type.Optional(Type.String({ description: '对方结论,空为接受 / verdict of the peer, empty if it took it' })),
    }),
  ),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
};
const Outline = Type.Object(outline);
const View = Type.Object({
  ...outline,
  chain: Type.Array(Type.String(), { description: '自地区起的签名文件 / signed links, the region’s own first' }),
  revocations: Type.Array(Type.String(), { description: '其中各环的撤销文件 / signed revocations of links of it' }),
});

const Draft = described<object>(
  '委托书内容 / a letter: {parent?: id, holder: {kind, name, code, key?}, rights, items, depth, valid_from, valid_until, ' +
    'terms}; 或已由部门签名的文件 / or what a department signed itself: {document}',
);
const signed = fields({ document: text(LIMITS.jwsBytes) });
const revocation = fields({ reason: text(500) });
const showing = fields({ peer: text(12), authorization: optionalText(36) });
const judging = fields({ chain: list(text(LIMITS.jwsBytes), LIMITS.entrustmentLinks, 1) });
const filters = { region: Type.Optional(Type.String()), authorization: Type.Optional(Type.String()) };

/** Letters of entrustment (授权委托书): issuing, showing to peers, revoking, judging. */
export function entrustmentRoutes({ entrustments }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/entrustments',
      {
        schema: {
          tags,
          summary: '授权委托书列表 / list entrustments',
          querystring: Type.Object({ ...pageQuery, ...filters }, CLOSED),
          response: { 200: page('entrustments', Outline) },
        },
      },
      async (request) => {
        const { region, authorization } = request.query;
        const { limit, after } = pageRequest(request.query, ['string']);
        const wanted = { after: after?.[0] ?? '', limit: limit + 1, region, authorization };
        const { items, next } = pageOf(await entrustments.list(wanted), limit, ({ id }) => [id]);
        return {
          entrustments: items.map(({ chain: _chain, revocations: _revocations, ...view }) => mutable(view)),
          ...(next && { next }),
        };
      },
    );

    app.get(
      '/v1/entrustments/:id',
      { schema: { tags, summary: '授权委托书 / an entrustment with its chain', params: Id, response: { 200: View } } },
      async (request) => whole(await entrustments.get(request.params.id)),
    );

    app.post(
      '/v1/entrustments',
      {
        ...RULED,
        schema: { tags, summary: '签发授权委托书 / issue an entrustment', body: Draft, response: { 201: View } },
      },
      async (request, reply) => {
        const body: unknown = request.body;
        const issued = await judgingContent(() =>
          isSigned(body)
            ? entrustments.take(readInput<{ document: string }>(signed, body).document)
            : entrustments.issue(body),
        );
        return reply.code(201).send(whole(issued));
      },
    );

    app.post(
      '/v1/entrustments/:id/revoke',
      {
        ...RULED,
        schema: {
          tags,
          summary: '撤销授权委托书 / revoke an entrustment and all that was passed on from it',
          params: Id,
          body: Type.Object({ reason: Type.String() }, CLOSED),
          response: { 200: View },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const { reason } = readInput<{ reason: string }>(revocation, request.body);
        return whole(await entrustments.revoke(id, reason));
      },
    );

    app.post(
      '/v1/entrustments/:id/send',
      {
        ...RULED,
        schema: {
          tags,
          summary: '向对接地区出示授权委托书 / show an entrustment and its chain to a peer',
          params: Id,
          body: Type.Object({ peer: Type.String(), authorization: Type.Optional(Type.String()) }, CLOSED),
          response: { 202: View },
        },
      },
      async (request, reply) => {
        const { id } = request.params as { id: string };
        const body = { authorization: '', ...(request.body as object | undefined) };
        const { peer, authorization } = readInput<{ peer: string; authorization: string }>(showing, body);
        const shown = await judgingContent(() => entrustments.send(id, peer, authorization));
        return reply.code(202).send(whole(shown));
      },
    );

    app.post(
      '/v1/entrustments/verify',
      {
        ...RULED,
        schema: {
          tags,
          summary: '核验委托链 / judge a chain that somebody holds out',
          body: Type.Object({ chain: Type.Array(Type.String()) }, CLOSED),
          response: { 200: Standing },
        },
      },
      async (request) => {
        const { chain } = readInput<{ chain: string[] }>(judging, request.body);
        const { problems, ...standing } = await entrustments.judge(chain);
        return { ...standing, problems: [...problems] };
      },
    );
  };
}

function isSigned(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'document' in body;
}

function whole({ chain, revocations, ...view }: EntrustmentView) {
  return { ...mutable(view), chain: [...chain], revocations: [...revocations] };
}

/** The lists of a view as the schemas type them. */
function mutable({ holders, shown, standing, ...rest }: Omit<EntrustmentView, 'chain' | 'revocations'>) {
  const { problems, ...judged } = standing;
  return { ...rest, holders: [...holders], shown: [...shown], standing: { ...judged, problems: [...problems] } };
}
