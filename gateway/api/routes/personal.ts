import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import {
  boolean,
  CodedError,
  ERASURE_GROUNDS,
  type ErasureGround,
  fields,
  type messages,
  oneOf,
  optional,
  text,
} from '#proto';
import type { CaseFile } from '../../case/case-file.ts';
import { handlerRule, withWindow } from '../../case/case-input.ts';
import { ACCESS_KINDS, accessBook } from '../../case/personal/access-book.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { etag } from '../helpers/etag.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CaseJson } from '../views/case-schemas.ts';
import { caseJson } from '../views/case-view.ts';
import { CLOSED, Handler, instant, page, words } from '../views/schemas.ts';

const tags = ['个人信息 / personal data'];
const Key = Type.Object({ key: Type.String() }, CLOSED);
const Reason = Type.String({
  description: '事由(500 字内),长期保存,不写个人信息 / kept after the erasure: nothing personal',
});
const By = Type.Optional(Handler);

const AccessJson = Type.Object({
  at: instant('时间 / when'),
  by: Type.String({ description: '令牌使用方 / subject of the token' }),
  role: Type.String({ description: '角色 / role' }),
  conversation: Type.String({ description: '办件会话号 / conversation of the case, or empty' }),
  what: words(ACCESS_KINDS, '查阅内容 / what was shown'),
  subject: Type.String({
    description: '材料摘要、证照标识或查找对象(脱敏) / digest, identifier, whom a search was for (masked), or empty',
  }),
  purpose: Type.String({ description: '用途 / why' }),
});

interface Wish {
  readonly reason: string;
  readonly by?: messages.Handler | null;
}

const by = optional(handlerRule);
const reason = text(500);
const recall = fields({ reason, by });
const erasure = fields({ reason, by, ground: optional(oneOf(...ERASURE_GROUNDS.slice(0, -1))) });
const hold = fields({ reason, by, held: boolean });

/** Personal data of cases: who saw it, and its end. */
export function personalRoutes(context: ApiContext, once: AnswerOnce): RouteModule {
  const { cases, jointCases, inquiries, erasures, store, clock } = context;

  return (app) => {
    app.get(
      '/v1/personal-access',
      {
        schema: {
          tags,
          summary: '查阅留痕 / who was shown personal data and what for, newest first',
          querystring: Type.Object(
            {
              ...pageQuery,
              case: Type.Optional(Type.String({ description: '会话号或办件编号 / conversation or case number' })),
            },
            CLOSED,
          ),
          response: { 200: page('accesses', AccessJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number']);
        const { case: key } = request.query;
        const conversation = key === undefined ? undefined : await conversationOf(key);
        const found = await accessBook.list(store.read, limit + 1, conversation, after?.[0]);
        const { items, next } = pageOf(found, limit, ({ position }) => [position]);
        return { accesses: items.map(({ position: _, ...access }) => access), ...(next && { next }) };
      },
    );

    app.post(
      '/v1/cases/:key/recall',
      {
        ...RULED,
        schema: {
          tags,
          summary: '误发撤回:受理前撤回,对方删除并确认 / recall a case sent by mistake; the other region erases it',
          params: Key,
          body: Type.Object({ reason: Reason, by: By }, CLOSED),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const { body } = await once(request, async () => {
          const file = await caseOf(request);
          const { reason, by } = readWish<Wish>(recall, request.body);
          const wish = { reason, handler: handlerOf(file, by, request) };
          return { status: 200, body: answer(reply, await cases.recall(file.conversation, wish)) };
        });
        const recalled = body as CaseJson;
        return reply.header('etag', etag(recalled.version)).send(recalled);
      },
    );

    app.post(
      '/v1/cases/:key/erasure',
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '删除个人信息,并请求对方删除 / erase what is personal in a case that has ended, and ask the other region to',
          params: Key,
          body: Type.Object(
            {
              reason: Reason,
              by: By,
              ground: Type.Optional(words(ERASURE_GROUNDS.slice(0, -1), '默认 applicant-request')),
            },
            CLOSED,
          ),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const file = await caseOf(request);
        const { reason, by, ground } = readWish<Wish & { ground?: ErasureGround | null }>(erasure, request.body);
        const handler = handlerOf(file, by, request);
        const wish = { reason, handler, ground: ground ?? 'applicant-request' };
        return answer(reply, await erasures.ask(file.conversation, wish));
      },
    );

    app.post(
      '/v1/cases/:key/hold',
      {
        ...RULED,
        schema: {
          tags,
          summary: '暂停删除(诉讼、检查、投诉),或解除 / put erasure on hold, or lift the hold',
          params: Key,
          body: Type.Object({ held: Type.Boolean(), reason: Reason, by: By }, CLOSED),
          response: { 200: CaseJson },
        },
      },
      async (request, reply) => {
        const file = await caseOf(request);
        const { reason, by, held } = readWish<Wish & { held: boolean }>(hold, request.body);
        const wish = { reason, handler: handlerOf(file, by, request) };
        return answer(reply, await erasures.hold(file.conversation, held, wish));
      },
    );
  };

  /** Of a case, of a joint case (联办件) that we lead, or of an inquiry (协查、咨询). */
  async function conversationOf(key: string): Promise<string> {
    const kinds = [() => cases.demand(key), () => jointCases.get(key), () => inquiries.demand(key)];
    for (const find of kinds) {
      const found = await find().catch((error) => {
        if (!(error instanceof CodedError) || error.code !== 'NOT_FOUND') throw error;
      });
      if (found) return found.conversation;
    }
    throw new CodedError('NOT_FOUND');
  }

  function caseOf(request: FastifyRequest): Promise<CaseFile> {
    return cases.demand((request.params as { key: string }).key);
  }

  function answer(reply: { header(name: string, value: string): unknown }, file: CaseFile): CaseJson {
    reply.header('etag', etag(file.version));
    return caseJson(file, clock.now(), { isOpen: false, hasCode: false });
  }
}

function readWish<T>(rule: typeof recall, body: unknown): T {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return readInput<T>(rule, 'by' in given ? { ...given, by: withWindow(given.by) } : body);
}

/** Who is not named is the window that answers for the case, and whoever the token is for. */
function handlerOf({ document }: CaseFile, by: Wish['by'], { user }: FastifyRequest): messages.Handler {
  const { organisation, window } = document.handler;
  return by ?? { organisation, window, staff: user.sub.slice(0, 50) };
}
