import { Type } from '@fastify/type-provider-typebox';
import type { Inquiry } from '../../inquiry/inquiry.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { RULED } from '../helpers/body.ts';
import { evidenceOf } from '../helpers/evidence.ts';
import type { AnswerOnce } from '../helpers/idempotency.ts';
import { pageOf, pageQuery, pageRequest } from '../helpers/pagination.ts';
import { isShownInFull, MASKED, purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import {
  AnswerJson,
  InquiryJson,
  InquiryKindWord,
  InquiryRoleWord,
  InquiryStateWord,
  InquirySummaryJson,
  QuestionJson,
  WithdrawalJson,
} from '../views/inquiry-schemas.ts';
import { inquiryJson, inquirySummary } from '../views/inquiry-view.ts';
import { bytesOf, CLOSED, page } from '../views/schemas.ts';

const tags = ['协查与咨询 / inquiries'];
const Key = Type.Object(
  { key: Type.String({ description: '会话号或协查函号 / conversation or number of the inquiry' }) },
  CLOSED,
);

/** Inquiries (协查确认、业务咨询): what regions ask each other outside any case. */
export function inquiryRoutes(context: ApiContext, once: AnswerOnce): RouteModule {
  const { inquiries } = context;
  /** What was done is told masked: whoever sent it knows it, and answers are kept for repeated requests. */
  const shown = (status: number, inquiry: Inquiry) => ({ status, body: inquiryJson(inquiry, false) });

  return (app) => {
    app.post(
      '/v1/inquiries',
      {
        ...RULED,
        schema: {
          tags,
          summary: '发出协查或咨询 / ask another region, outside any case',
          body: QuestionJson,
          response: { 201: InquiryJson },
        },
      },
      async (request, reply) => {
        const answer = await once(request, async () => shown(201, await inquiries.ask(request.body)));
        return reply.code(201).send(answer.body as InquiryJson);
      },
    );

    app.get(
      '/v1/inquiries',
      {
        schema: {
          tags,
          summary: '协查与咨询列表（已脱敏） / list inquiries, newest first, personal data masked',
          querystring: Type.Object(
            {
              ...pageQuery,
              state: Type.Optional(InquiryStateWord),
              role: Type.Optional(InquiryRoleWord),
              kind: Type.Optional(InquiryKindWord),
              peer: Type.Optional(Type.String({ pattern: '^[0-9]{6}$' })),
            },
            CLOSED,
          ),
          response: { 200: page('inquiries', InquirySummaryJson) },
        },
      },
      async (request) => {
        const { limit, after } = pageRequest(request.query, ['number', 'string']);
        const found = await inquiries.list(request.query, limit + 1, after);
        const { items, next } = pageOf(found, limit, ({ askedAt, conversation }) => [askedAt, conversation]);
        return { inquiries: items.map(inquirySummary), ...(next && { next }) };
      },
    );

    app.get(
      '/v1/inquiries/:key',
      {
        schema: {
          tags,
          summary: '协查或咨询详情 / an inquiry',
          description: MASKED,
          params: Key,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: InquiryJson },
        },
      },
      async (request) => {
        const inquiry = await inquiries.demand(request.params.key);
        const wanted = { conversation: inquiry.conversation, what: 'inquiry', subject: '' } as const;
        return inquiryJson(inquiry, await isShownInFull(context, request, wanted));
      },
    );

    app.get(
      '/v1/inquiries/:key/evidence',
      {
        schema: {
          tags,
          summary: '导出存证包 / evidence of an inquiry, for verification without us',
          description:
            '未写明用途或角色不可查阅个人信息时,不含正文 / without a purpose, or for a role that may not see personal data, payloads are left out',
          params: Key,
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: bytesOf('application/json', '存证包 / evidence bundle') },
        },
      },
      async (request, reply) => {
        const { name, bytes } = await evidenceOf(context, request, await inquiries.demand(request.params.key));
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', attachment(name))
          .send(bytes);
      },
    );

    app.post(
      '/v1/inquiries/:key/answer',
      {
        ...RULED,
        schema: {
          tags,
          summary: '答复 / answer what another region asked',
          params: Key,
          body: AnswerJson,
          response: { 200: InquiryJson },
        },
      },
      async (request) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => shown(200, await inquiries.answer(key, request.body)));
        return answer.body as InquiryJson;
      },
    );

    app.post(
      '/v1/inquiries/:key/withdraw',
      {
        ...RULED,
        schema: {
          tags,
          summary:
            '撤回,两地随即删除其中的个人信息 / take an inquiry of ours back; both regions erase what is personal in it',
          params: Key,
          body: WithdrawalJson,
          response: { 200: InquiryJson },
        },
      },
      async (request) => {
        const { key } = request.params as { key: string };
        const answer = await once(request, async () => shown(200, await inquiries.withdraw(key, request.body)));
        return answer.body as InquiryJson;
      },
    );
  };
}
