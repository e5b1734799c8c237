import { Type } from '@fastify/type-provider-typebox';
import { fields, LIMITS, text } from '#proto';
import { fingerprintOf } from '#trust';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { PeerJson, peerJson } from '../views/peer-view.ts';
import { CLOSED, instant } from '../views/schemas.ts';

const tags = ['地区 / regions'];
const Region = Type.Object({ region: Type.String() }, CLOSED);

const IdentityChangeJson = Type.Object({
  from: Type.String({ description: '原指纹 / fingerprint before' }),
  to: Type.String({ description: '新指纹 / fingerprint since' }),
  reason: Type.String({ description: '事由 / why' }),
  by: Type.String({ description: '令牌使用方 / subject of the token' }),
  at: instant('时间 / when'),
});

const repinBody = fields({
  statement: text(LIMITS.jwsBytes, { lines: true }),
  fingerprint: text(200),
  reason: text(200),
});
type RepinBody = Record<'statement' | 'fingerprint' | 'reason', string>;

/** A pinned region whose identity key was lost or stolen (重新登记). */
export function repinRoutes(context: ApiContext): RouteModule {
  const { peers } = context;
  return (app) => {
    app.post(
      '/v1/peers/:region/repin',
      {
        ...RULED,
        schema: {
          tags,
          summary: '登记对接地区的新身份密钥 / pin another identity key of a region, as compared with its operator',
          params: Region,
          body: Type.Object({ statement: Type.String(), fingerprint: Type.String(), reason: Type.String() }, CLOSED),
          response: { 200: PeerJson },
        },
      },
      async (request) => {
        const { region } = request.params as { region: string };
        const { statement, fingerprint, reason } = readInput<RepinBody>(repinBody, request.body);
        const why = { reason, by: request.user.sub };
        return peerJson(context, await judgingContent(() => peers.repin(region, statement, fingerprint, why)));
      },
    );

    app.get(
      '/v1/peers/:region/repin',
      {
        schema: {
          tags,
          summary: '身份密钥变更记录 / every change of the identity key of a region, the oldest first',
          params: Region,
          response: { 200: Type.Object({ changes: Type.Array(IdentityChangeJson) }) },
        },
      },
      async (request) => {
        const changes = await peers.identityChanges(request.params.region);
        return {
          changes: changes.map(({ from, to, ...change }) => {
            return { ...change, from: fingerprintOf(from), to: fingerprintOf(to) };
          }),
        };
      },
    );
  };
}
