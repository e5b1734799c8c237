import { type Static, Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { ERROR_CODES, type ErrorCode, fields, type Rule, text } from '#proto';
import { HELD_REASONS } from '../../recovery/held-conversations.ts';
import type { RecoveryOverview } from '../../recovery/recovery.ts';
import type { RecoveryAct } from '../../recovery/recovery-table.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, words } from '../views/schemas.ts';

const tags = ['恢复 / restore'];
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

const OverviewJson = Type.Object({
  state: words(
    ['none', 'marked', 'recovering', 'put-back'],
    '从未恢复、已标记、补齐中或已补齐、未声明而被换回 / how the database came to be',
  ),
  since: Type.Optional(instant('何时 / since when')),
  knownUntil: Type.Optional(instant('备份中最新的往来 / newest exchange that the backup knew')),
  peers: Type.Array(
    Type.Object({
      region: Type.String({ description: '对端地区代码 / region code' }),
      state: words(
        ['waiting', 'skipped', 'done'],
        '待补齐、不等待、已补齐 / to be asked, not waited for, has given back',
      ),
      own: Type.Integer({ description: '补回我方报文 / envelopes of ours that came back' }),
      theirs: Type.Integer({ description: '补回对方报文 / envelopes of theirs that came back' }),
      since: instant('从何时起补齐,0 为全部 / from when it is asked; 0 for everything'),
      aside: Type.Integer({ description: '补回而无法核验的报文 / envelopes that came back and could not be verified' }),
      code: Type.Union([words<ErrorCode>(CODES), Type.Literal('')], {
        description: '最近失败 / why the last attempt failed',
      }),
      by: Type.String({ description: '决定不等待的人 / who does not wait for it' }),
      why: Type.String({ description: '事由 / why' }),
      updatedAt: instant('最近变化 / last change'),
    }),
  ),
  held: Type.Array(
    Type.Object({
      conversation: Type.String({ description: '会话号 / conversation' }),
      peer: Type.String({ description: '对端 / peer' }),
      reason: words(HELD_REASONS, '我方行为丢失、对方行为无法重做、有缺口、无法核验、序号用过两次 / what is missing'),
      code: Type.String({ description: '代码 / code, or empty' }),
      envelope: Type.String({ description: '首个缺失的报文 / first envelope that is missing or could not be applied' }),
      type: Type.String({ description: '类型 / its type' }),
      notedAt: instant('何时发现 / when'),
    }),
  ),
  heldCount: Type.Integer({ description: '待人工核对的会话数 / conversations that wait for somebody' }),
});

const ReasonBody = Type.Object(
  { reason: Type.String({ description: '事由(200 字内),长期留存 / why; it is kept' }) },
  CLOSED,
);
const reasonBody: Rule = fields({ reason: text(200) });

/** How a restore stands, and what people decide about it (恢复). */
export function recoveryRoutes({ recovery }: Pick<ApiContext, 'recovery'>): RouteModule {
  return (app) => {
    app.get(
      '/v1/recovery',
      {
        schema: {
          tags,
          summary: '恢复情况 / what peers gave back, and what waits for people',
          response: { 200: OverviewJson },
        },
      },
      async () => overviewJson(await recovery.overview()),
    );

    app.post(
      '/v1/recovery/peers/:region/skip',
      {
        ...RULED,
        schema: {
          tags,
          summary: '不等待该对端:只可开始新会话 / do not wait for a peer: only new conversations may begin',
          params: Type.Object({ region: Type.String() }, CLOSED),
          body: ReasonBody,
          response: { 200: OverviewJson },
        },
      },
      async (request) => {
        await recovery.skip(request.params.region, actOf(request));
        return overviewJson(await recovery.overview());
      },
    );

    app.post(
      '/v1/recovery/conversations/:id/release',
      {
        ...RULED,
        schema: {
          tags,
          summary: '已核对,放行该会话 / somebody looked: the conversation goes on',
          params: Type.Object({ id: Type.String() }, CLOSED),
          body: ReasonBody,
          response: { 200: OverviewJson },
        },
      },
      async (request) => {
        await recovery.release(request.params.id, actOf(request));
        return overviewJson(await recovery.overview());
      },
    );
  };
}

function actOf({ body, user }: FastifyRequest): RecoveryAct {
  const { reason } = readInput<{ reason: string }>(reasonBody, body);
  return { by: user.sub, reason };
}

function overviewJson({ recovery, peers, held, heldCount }: RecoveryOverview): Static<typeof OverviewJson> {
  return {
    state: recovery?.state ?? 'none',
    ...(recovery && { since: recovery.markedAt }),
    ...(recovery?.knownUntil && { knownUntil: recovery.knownUntil }),
    peers: peers.map((peer) => ({ ...peer, code: peer.code as ErrorCode | '' })),
    held: [...held],
    heldCount,
  };
}
