import { Type } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { fields, integer, list, oneOf, optional, type Rule, text } from '#proto';
import { EVENT_TYPES } from '../../platform/event-types.ts';
import type { SubscriptionChange, SubscriptionWish } from '../../webhook/subscription.ts';
import { targetRule } from '../../webhook/target.ts';
import type { ShownSubscription } from '../../webhook/webhooks.ts';
import type { ApiContext } from '../context.ts';
import { RULED, readInput } from '../helpers/body.ts';
import { demandMatch, etag } from '../helpers/etag.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import type { SqlIdempotencyStore } from '../helpers/idempotency-store.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, nothing, page } from '../views/schemas.ts';
import {
  AttemptJson,
  attemptJson,
  PingJson,
  WebhookChangeJson,
  WebhookInputJson,
  WebhookJson,
  WebhookWithSecretJson,
  webhookJson,
} from '../views/webhook-schemas.ts';

const tags = ['事件 / events'];
const Id = Type.Object({ id: Type.String() }, CLOSED);
const DAY_SECONDS = 24 * 60 * 60;
const OWN = '平台只看到自己的订阅;sysadmin 看到全部 / a platform sees its own; a sysadmin sees all';

const typesRule = list(oneOf(...EVENT_TYPES.keys()), EVENT_TYPES.size);
const wishRule = fields({ url: targetRule, types: optional(typesRule) });
const changeRule = fields({
  url: optional(targetRule),
  types: optional(typesRule),
  state: optional(oneOf('active', 'paused')),
});
const rotationRule = fields({ overlapSeconds: optional(integer(0, 7 * DAY_SECONDS)) });
const replayRule = fields({
  after: text(15, { pattern: /^(0|[1-9]\d*)$/, hint: 'must be a position of an event, in digits' }),
});

/** Webhooks that a platform asks for itself (事件订阅). */
export function webhookRoutes(context: ApiContext, once: AnswerOnce, answers: SqlIdempotencyStore): RouteModule {
  const { webhooks } = context;

  return (app) => {
    app.post(
      '/v1/webhooks',
      {
        ...RULED,
        schema: {
          tags,
          summary: '订阅事件 / have events of the region sent from now on',
          description:
            '按 Standard Webhooks 1.0 签名的 CloudEvents;密钥只在此显示 / CloudEvents signed by Standard Webhooks 1.0; the secret is shown here only',
          body: WebhookInputJson,
          response: { 201: WebhookWithSecretJson },
        },
      },
      async (request, reply) => {
        const { url, types = [] } = read<Partial<SubscriptionWish> & { url: string }>(wishRule, request.body);
        const answer = await once(request, async (remember) => {
          const told = (made: ShownSubscription) => ({ status: 201, body: withSecret(made) });
          const made = await webhooks.create(request.user.sub, { url, types }, (tx, fresh) =>
            remember(told(fresh), answers.within(tx)),
          );
          return told(made);
        });
        const made = answer.body as WebhookWithSecretJson;
        return reply.code(201).header('etag', etag(made.version)).send(made);
      },
    );

    app.get(
      '/v1/webhooks',
      {
        schema: {
          tags,
          summary: '我的订阅 / subscriptions and how they are doing',
          description: OWN,
          response: { 200: Type.Object({ webhooks: Type.Array(WebhookJson) }) },
        },
      },
      async (request) => ({ webhooks: (await webhooks.list(ownerOf(request))).map(webhookJson) }),
    );

    app.get(
      '/v1/webhooks/:id',
      { schema: { tags, summary: '一个订阅 / one subscription', params: Id, response: { 200: WebhookJson } } },
      async (request, reply) => {
        const one = await webhooks.show(request.params.id, ownerOf(request));
        return reply.header('etag', etag(one.version)).send(webhookJson(one));
      },
    );

    app.patch(
      '/v1/webhooks/:id',
      {
        ...RULED,
        schema: {
          tags,
          summary: '修改、暂停、恢复 / change, pause or resume; If-Match takes the ETag',
          params: Id,
          body: WebhookChangeJson,
          response: { 200: WebhookJson },
        },
      },
      async (request, reply) => {
        const change = read<SubscriptionChange>(changeRule, request.body);
        const { id } = request.params as { id: string };
        const changed = await webhooks.change(id, ownerOf(request), change, ({ version }) => {
          if (request.headers['if-match'] !== undefined) demandMatch(request, version);
        });
        return reply.header('etag', etag(changed.version)).send(webhookJson(changed));
      },
    );

    app.delete(
      '/v1/webhooks/:id',
      {
        schema: {
          tags,
          summary: '取消订阅 / end a subscription',
          params: Id,
          response: { 204: nothing('已完成 / done') },
        },
      },
      async (request, reply) => {
        await webhooks.remove(request.params.id, ownerOf(request));
        return reply.code(204).send();
      },
    );

    app.post(
      '/v1/webhooks/:id/secret',
      {
        ...RULED,
        schema: {
          tags,
          summary: '更换密钥 / a new secret; the one before signs beside it for a while',
          params: Id,
          body: Type.Object(
            {
              overlapSeconds: Type.Optional(
                Type.Integer({ description: `新旧并用的秒数 / seconds, 0–${7 * DAY_SECONDS}, default ${DAY_SECONDS}` }),
              ),
            },
            CLOSED,
          ),
          response: { 200: WebhookWithSecretJson },
        },
      },
      async (request) => {
        const { overlapSeconds = DAY_SECONDS } = read<{ overlapSeconds?: number }>(rotationRule, request.body);
        const { id } = request.params as { id: string };
        const answer = await once(request, async () => {
          const rotated = await webhooks.rotate(id, ownerOf(request), overlapSeconds * 1000);
          return { status: 200, body: withSecret(rotated) };
        });
        return answer.body as WebhookWithSecretJson;
      },
    );

    app.post(
      '/v1/webhooks/:id/replay',
      {
        ...RULED,
        schema: {
          tags,
          summary: '从某位置重新投递 / deliver everything behind a position, again where it was before',
          params: Id,
          body: Type.Object({ after: Type.String({ description: '事件位置 / position of an event' }) }, CLOSED),
          response: { 200: WebhookJson },
        },
      },
      async (request) => {
        const { after } = read<{ after: string }>(replayRule, request.body);
        const { id } = request.params as { id: string };
        return webhookJson(await webhooks.replay(id, ownerOf(request), Number(after)));
      },
    );

    app.post(
      '/v1/webhooks/:id/ping',
      {
        schema: {
          tags,
          summary: '试投 / send cn.tongban.webhook.ping.v1 at once, and say how it went',
          params: Id,
          response: { 200: PingJson },
        },
      },
      async (request) => webhooks.ping(request.params.id, ownerOf(request)),
    );

    app.get(
      '/v1/webhooks/:id/deliveries',
      {
        schema: {
          tags,
          summary: '投递记录 / the last 200 attempts, newest first',
          params: Id,
          querystring: Type.Object(pageQuery, CLOSED),
          response: { 200: page('deliveries', AttemptJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number']);
        const found = await webhooks.attempts(request.params.id, ownerOf(request), limit + 1, after?.[0]);
        const { items, next } = pageOf(found, limit, ({ n }) => [n]);
        return { deliveries: items.map(attemptJson), ...(next && { next }) };
      },
    );
  };
}

/** A platform has its own; who administers the system sees everybody's. */
function ownerOf({ user }: FastifyRequest): string | undefined {
  return user.role === 'sysadmin' ? undefined : user.sub;
}

/** No body says nothing. */
function read<T>(rule: Rule, body: unknown): T {
  return readInput<T>(rule, body ?? {});
}

function withSecret(one: ShownSubscription): WebhookWithSecretJson {
  return { ...webhookJson(one), secret: one.secrets!.current };
}
