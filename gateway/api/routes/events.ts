import { Type } from '@fastify/type-provider-typebox';
import { structuredEvent } from '#adapters';
import { EVENT_TYPES } from '../../platform/event-types.ts';
import type { FedEvent } from '../../platform/feed/event-feed.ts';
import type { ApiContext } from '../context.ts';
import { pageQuery } from '../helpers/pagination.ts';
import type { RouteModule } from '../typed.ts';
import { FedEventJson } from '../views/event-schemas.ts';
import { bytesOf, CLOSED } from '../views/schemas.ts';

const tags = ['事件 / events'];
const STREAM = 'text/event-stream';
const DEFAULT_LIMIT = 50;
const After = Type.Optional(
  Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: '此位置之后 / behind this position' }),
);
const KEPT =
  '保存七天;更早的位置答 410 EVENTS_GONE / kept for seven days; an older position is answered with 410 EVENTS_GONE';

/** What happened in this region (事件), for platforms that fetch it: page by page, or as a stream. */
export function eventRoutes({ eventFeed, eventStreams }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/events',
      {
        schema: {
          tags,
          summary: '读取事件 / events behind a position, oldest first',
          description: `${KEPT}。用返回的 after 读下一页;没有 after 则从最早保存的开始 / pass the answer's after to go on; without it from the oldest that is kept. ${typesInWords()}`,
          querystring: Type.Object({ after: After, limit: pageQuery.limit }, CLOSED),
          response: {
            200: Type.Object({
              events: Type.Array(FedEventJson),
              after: Type.String({ description: '下次读取的位置 / where to go on, also on the last page' }),
              more: Type.Boolean({ description: '还有更多 / whether there are more now' }),
            }),
          },
        },
      },
      async (request) => {
        const limit = Number(request.query.limit ?? DEFAULT_LIMIT);
        const after = request.query.after === undefined ? await eventFeed.oldest() : Number(request.query.after);
        const found = await eventFeed.after(after, limit + 1);
        const events = found.slice(0, limit).map(fedEventJson);
        return { events, after: events.at(-1)?.position ?? String(after), more: found.length > limit };
      },
    );

    app.get(
      '/v1/events/stream',
      {
        schema: {
          tags,
          summary: '事件流 / events as they happen (Server-Sent Events)',
          description: `每个事件的 id 是位置,重连时放入 Last-Event-ID(或 after);都没有则从现在开始。最后一个名为 end 的事件说明结束原因 / the id of each event is its position: send it as Last-Event-ID (or after) when you come again; without it from now on. The last event, called end, says why. ${KEPT}`,
          querystring: Type.Object({ after: After }, CLOSED),
          headers: Type.Object({ 'last-event-id': After }),
          response: { 200: bytesOf(STREAM, 'CloudEvents 1.0 (JSON) / one event each') },
        },
      },
      async (request, reply) => {
        const { role, sub } = request.user;
        const said = request.headers['last-event-id'] ?? request.query.after;
        const after = said === undefined ? await eventFeed.newest() : Number(said);
        const { readable } = await eventStreams.open(`${role} ${sub}`, after);
        // A web server before us must not collect the stream.
        reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
        return reply.type(STREAM).send(readable);
      },
    );
  };
}

function fedEventJson({ position, event }: FedEvent): FedEventJson {
  return { position: String(position), event: JSON.parse(structuredEvent(event).toString()) };
}

function typesInWords(): string {
  return `事件种类 / types: ${[...EVENT_TYPES].map(([type, { zh, en }]) => `${type} ${zh} / ${en}`).join('; ')}`;
}
