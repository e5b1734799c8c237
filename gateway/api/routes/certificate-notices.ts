import { Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import type { RouteModule } from '../typed.ts';
import { ReceivedNoticeJson, receivedNoticeJson, SentNoticeJson, sentNoticeJson } from '../views/notice-view.ts';
import { bytesOf, CLOSED } from '../views/schemas.ts';

const tags = ['电子证照 / certificates'];
const Identifier = Type.Object({ identifier: Type.String() }, CLOSED);

/** Notices of changed certificates (状态变更告知): whom we told of ours, and what we were told of others'. */
export function noticeRoutes(context: ApiContext): RouteModule {
  const { certificates, outgoingNotices, incomingNotices, peers, exportEvidence } = context;
  return (app) => {
    app.get(
      '/v1/certificates/:identifier/notices',
      {
        schema: {
          tags,
          summary:
            '状态变更告知：告知了谁、谁已签收、谁未能告知；他地告知 / who was told of its changes, who took it, who could not be told; what its issuer told us',
          params: Identifier,
          response: {
            200: Type.Object({
              identifier: Type.String(),
              sent: Type.Array(SentNoticeJson, { description: '我方告知，先近后远 / ours, the newest first' }),
              received: Type.Array(ReceivedNoticeJson, {
                description: '各签发地区最新告知 / the newest of each issuer',
              }),
            }),
          },
        },
      },
      async (request) => {
        const { identifier } = request.params;
        const sent = await outgoingNotices.sent(identifier);
        const received = await incomingNotices.received(identifier);
        // Nothing to show is right only of a certificate that we have.
        if (sent.length + received.length === 0) await certificates.get(identifier);
        return {
          identifier,
          sent: sent.map((notice) => sentNoticeJson(notice, peers.get(notice.peer) !== undefined)),
          received: received.map(receivedNoticeJson),
        };
      },
    );

    app.get(
      '/v1/certificates/:identifier/notices/:region/evidence',
      {
        schema: {
          tags,
          summary:
            '导出向某地区告知、或由其告知的存证包 / evidence of what a region was told, or told us, for verification without us',
          params: Type.Object({ identifier: Type.String(), region: Type.String() }, CLOSED),
          response: { 200: bytesOf('application/json', '存证包 / evidence bundle') },
        },
      },
      async (request, reply) => {
        const { identifier, region } = request.params;
        const sent = (await outgoingNotices.sent(identifier)).find(({ peer }) => peer === region);
        const received = (await incomingNotices.received(identifier)).find(({ issuer }) => issuer === region);
        const told = sent ?? received;
        if (!told)
          throw new CodedError('NOT_FOUND', 'no notice about this certificate went to this region or came from it');
        const bundle = await exportEvidence(told.conversation);
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', attachment(`evidence-${identifier}-${region}.json`))
          .send(Buffer.from(bundle));
      },
    );
  };
}
