import { type Static, Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { ERROR_CODES, type ErrorCode, fields, type Rule, text } from '#proto';
import type { LetterAct, ShownLetter } from '../../dead-letter/dead-letters.ts';
import { type FiledLetter, LETTER_OUTCOMES, LETTER_QUEUES, LETTER_REASONS } from '../../dead-letter/letter.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, page, words } from '../views/schemas.ts';

const tags = ['死信 / dead letters'];
const Id = Type.Object({ id: Type.String() }, CLOSED);
const namesOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

const ClosingJson = Type.Object({
  outcome: words(LETTER_OUTCOMES, '处理结果 / what became of it'),
  successor: Type.String({ description: '代替它的报文 / envelope that was sent in its place, or empty' }),
  by: Type.String({ description: '令牌使用方 / subject of the token' }),
  role: Type.String({ description: '角色 / role' }),
  reason: Type.String({ description: '事由 / why' }),
  at: instant('处理时间 / when'),
});

const LetterJson = Type.Object({
  id: Type.String({ description: '报文编号,或平台与位置 / id of the envelope, or platform and position' }),
  queue: words(
    LETTER_QUEUES,
    '发往对端的报文、发往本地平台的事件、本地平台交办的 / envelopes for peers, events for platforms, what platforms handed in',
  ),
  name: Type.String({ description: '对端地区代码或平台名称 / region code of the peer, name of the platform' }),
  subject: Type.String({ description: '会话号 / conversation' }),
  type: Type.String({
    description:
      '报文或事件类型,交办的种类 / type of the payload or event; open, act, note or document of a submission',
  }),
  sequence: Type.Integer({
    description: '序号;超限时为件数;交办的第几项 / number; of an overflow how many; of a submission which wish',
  }),
  reason: words(namesOf(LETTER_REASONS), '死信原因 / why'),
  code: Type.Union([words<ErrorCode>(namesOf(ERROR_CODES)), Type.Literal('')], {
    description: '最后的答复代码 / what was answered last',
  }),
  since: instant('开始送不达 / when the trouble began'),
  deadAt: instant('成为死信 / when it left its queue'),
  closing: Type.Optional(ClosingJson),
});

const ShownJson = Type.Object({
  letter: LetterJson,
  detail: Type.Object({
    expiresAt: Type.Optional(instant('报文失效 / when the envelope expires')),
    waiting: Type.Optional(Type.Integer({ description: '同一会话后面等待的报文 / envelopes that wait behind it' })),
    attempts: Type.Optional(Type.Integer({ description: '投递次数 / attempts' })),
    message: Type.Optional(
      Type.String({ description: '适配器说明或拒收原因,不含内容 / words of the adapter; why we refuse' }),
    ),
    problems: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), code: Type.String(), message: Type.String() }), {
        description: '交办内容中的问题,不含内容 / wrong fields of a submission, without their values',
      }),
    ),
    key: Type.Optional(Type.String({ description: '平台交办的标识 / key of the submission' })),
  }),
  earlier: Type.Array(LetterJson, { description: '以往记录 / what was done about it before' }),
});

const CountJson = Type.Object({
  queue: words(LETTER_QUEUES),
  name: Type.String({ description: '对端或平台 / peer or platform' }),
  count: Type.Integer(),
});

const ReasonBody = Type.Object(
  { reason: Type.String({ description: '事由(200 字内),长期留存 / why; it is kept' }) },
  CLOSED,
);
const reasonBody: Rule = fields({ reason: text(200) });

/** What left a queue undelivered, and what is done about it (死信). Nothing of the content is ever shown. */
export function deadLetterRoutes({ deadLetters }: Pick<ApiContext, 'deadLetters'>): RouteModule {
  return (app) => {
    app.get(
      '/v1/dead-letters',
      {
        schema: {
          tags,
          summary: '死信列表 / what left a queue undelivered, newest first; nothing of its content',
          querystring: Type.Object(
            {
              ...pageQuery,
              queue: Type.Optional(words(LETTER_QUEUES)),
              name: Type.Optional(Type.String({ maxLength: 50, description: '对端或平台 / peer or platform' })),
              state: Type.Optional(
                words(['open', 'closed'], '待处理(默认)、已处理 / waiting, the default; dealt with'),
              ),
            },
            CLOSED,
          ),
          response: { 200: page('letters', LetterJson) },
        },
      },
      async ({ query }) => {
        const { limit, after } = pageRequest(query, ['number']);
        const { queue, name, state } = query;
        const filter = { ...(queue && { queue }), ...(name !== undefined && { name }), closed: state === 'closed' };
        const found = await deadLetters.list(filter, limit + 1, after?.[0]);
        const { items, next } = pageOf(found, limit, ({ position }) => [position]);
        return { letters: items.map(letterJson), ...(next && { next }) };
      },
    );

    app.get(
      '/v1/dead-letters/counts',
      {
        schema: {
          tags,
          summary: '待处理死信件数 / how many letters are open, by queue and by peer or platform',
          response: { 200: Type.Object({ counts: Type.Array(CountJson) }) },
        },
      },
      async () => ({ counts: deadLetters.counts() }),
    );

    app.get(
      '/v1/dead-letters/:id',
      {
        schema: {
          tags,
          summary: '查看死信 / one letter, what waits behind it, and what was done about it before',
          params: Id,
          response: { 200: ShownJson },
        },
      },
      async (request) => shownJson(await deadLetters.show(request.params.id)),
    );

    app.post(
      '/v1/dead-letters/:id/retry',
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '重发死信:放回原位,过期的按新时间重发,交办的按现行映射再办 / put it back in its place; what expired is said anew; a submission is understood anew',
          params: Id,
          body: ReasonBody,
          response: { 200: LetterJson },
        },
      },
      async (request) => letterJson(await deadLetters.retry(idOf(request), actOf(request))),
    );

    app.post(
      '/v1/dead-letters/:id/drop',
      {
        ...RULED,
        schema: {
          tags,
          summary: '放弃死信:记录事由,后面的继续 / give it up for good; what stands behind it goes on',
          params: Id,
          body: ReasonBody,
          response: { 200: LetterJson },
        },
      },
      async (request) => letterJson(await deadLetters.drop(idOf(request), actOf(request))),
    );
  };
}

function idOf(request: FastifyRequest): string {
  return (request.params as Static<typeof Id>).id;
}

function actOf({ body, user }: FastifyRequest): LetterAct {
  const { reason } = readInput<{ reason: string }>(reasonBody, body);
  return { by: user.sub, role: user.role, reason };
}

function letterJson({ position: _, place: __, ...letter }: FiledLetter): Static<typeof LetterJson> {
  return letter;
}

function shownJson({ letter, detail, earlier }: ShownLetter): Static<typeof ShownJson> {
  const { problems, ...rest } = detail;
  const shown = { ...rest, ...(problems && { problems: [...problems] }) };
  return { letter: letterJson(letter), detail: shown, earlier: earlier.map(letterJson) };
}
