import { type Static, Type } from '@fastify/type-provider-typebox';

/** An event of the region in CloudEvents 1.0, as webhooks bring it too. */
export const EventJson = Type.Object({
  specversion: Type.String(),
  id: Type.String({ description: '唯一,重复投递时相同 / the same on every redelivery' }),
  source: Type.String({ description: 'urn:tongban:region:…' }),
  type: Type.String({ description: 'cn.tongban.….v1' }),
  subject: Type.String({ description: '会话号等 / conversation, or what else it is about' }),
  time: Type.String({ description: 'RFC 3339' }),
  datacontenttype: Type.String(),
  sequence: Type.String({ description: '同一 subject 内的次序 / order within the subject' }),
  data: Type.Unsafe<object>({
    type: 'object',
    additionalProperties: true,
    description: '不含个人信息,详情用接口读取 / nothing personal: read the rest by the API',
  }),
});

/** An event with its place among all. */
export const FedEventJson = Type.Object({
  position: Type.String({ description: '位置,用作 after / its place: the value of after' }),
  event: EventJson,
});
export type FedEventJson = Static<typeof FedEventJson>;
