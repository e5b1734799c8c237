import { type Static, Type } from '@fastify/type-provider-typebox';
import type { Attempt } from '../../webhook/attempt-log.ts';
import type { ShownSubscription } from '../../webhook/webhooks.ts';
import { CLOSED, instant, words } from './schemas.ts';

const Url = Type.String({
  description: '来源须在网关配置 webhooks.targets 中 / its origin is one of webhooks.targets',
});
const Types = Type.Array(Type.String(), { description: '事件种类,空为全部 / types of events; empty for all' });
const StateWord = words(['active', 'paused'], '暂停期间事件最多保存七天 / events of a pause are kept for seven days');

export const WebhookInputJson = Type.Object({ url: Url, types: Type.Optional(Types) }, CLOSED);
export const WebhookChangeJson = Type.Object(
  { url: Type.Optional(Url), types: Type.Optional(Types), state: Type.Optional(StateWord) },
  CLOSED,
);

/** A subscription (事件订阅), without its secret. */
export const WebhookJson = Type.Object({
  id: Type.String(),
  owner: Type.String({ description: '令牌的 sub / subject of the token' }),
  url: Url,
  types: Types,
  state: StateWord,
  allowed: Type.Boolean({ description: '运维是否(仍)允许此来源 / whether the operator lists its origin (still)' }),
  position: Type.String({ description: '已处理到的事件位置 / events up to here are delivered or held' }),
  behind: Type.Integer({ description: '待投递,最多数到一万 / events that wait, counted up to 10,000' }),
  parked: Type.Integer({ description: '已放弃,待运维处理 / events that were given up and need an operator' }),
  lastCode: Type.String({
    description: '上次投递的错误代码,成功为空 / code of the last attempt; empty when it succeeded',
  }),
  previousSecretUntil: Type.Optional(instant('旧密钥停止签名 / until when the secret before signs too')),
  version: Type.Integer({ description: '也是 ETag 和 If-Match / also in ETag and If-Match' }),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
});
export type WebhookJson = Static<typeof WebhookJson>;

/** A subscription with the secret that nobody is told again. */
export const WebhookWithSecretJson = Type.Object({
  ...WebhookJson.properties,
  secret: Type.String({ description: 'whsec_…,只显示一次 / shown once (Standard Webhooks 1.0)' }),
});
export type WebhookWithSecretJson = Static<typeof WebhookWithSecretJson>;

const attempt = {
  at: instant('时间 / when'),
  event: Type.String({ description: '事件 id / id of the event' }),
  type: Type.String({ description: '事件种类 / its type' }),
  status: Type.Integer({ description: 'HTTP 状态,无应答为 0 / status of HTTP; 0 without an answer' }),
  code: Type.String({ description: '错误代码,成功为空 / our code; empty when it was taken' }),
  ms: Type.Integer({ description: '耗时 / how long it took' }),
};
export const PingJson = Type.Object(attempt);

/** One attempt (投递记录). */
export const AttemptJson = Type.Object({ n: Type.Integer({ description: '序号 / number' }), ...attempt });

export function webhookJson({ secrets, health, ...one }: ShownSubscription): WebhookJson {
  const { id, owner, url, types, state, version, createdAt, updatedAt } = one;
  const { isAllowed: allowed, position, behind, parked, lastCode } = health;
  return {
    ...{ id, owner, url, types: [...types], state, allowed, position: String(position), behind, parked, lastCode },
    ...(secrets?.previous && { previousSecretUntil: secrets.previous.until }),
    ...{ version, createdAt, updatedAt },
  };
}

export function attemptJson({ n, at, event, type, status, code, ms }: Attempt): Static<typeof AttemptJson> {
  return { n, at, event, type, status, code, ms };
}
