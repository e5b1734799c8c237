import { Type } from '@fastify/type-provider-typebox';
import { fields, LIMITS, optionalText, text } from '#proto';
import type { ApiContext } from '../context.ts';
import { judgingContent, RULED, readInput } from '../helpers/body.ts';
import type { RouteModule } from '../typed.ts';
import { identityOf, PeerJson, peerJson, regionIdentity } from '../views/peer-view.ts';
import { CLOSED } from '../views/schemas.ts';

const tags = ['地区 / regions'];
const Region = Type.Object({ region: Type.String() }, CLOSED);

const pinBody = fields({ statement: text(LIMITS.jwsBytes, { lines: true }), fingerprint: text(200) });
const pingBody = fields({ note: optionalText(200) });

/** Our own region and those that operators pinned (对接地区). */
export function peerRoutes(context: ApiContext): RouteModule {
  const { peers, outbox, store, newId } = context;

  return (app) => {
    app.get(
      '/v1/statement',
      {
        schema: {
          tags,
          summary: '本地区声明 / our own statement',
          response: { 200: Type.Object({ ...regionIdentity, statement: Type.String({ description: 'compact JWS' }) }) },
        },
      },
      async () => ({ ...identityOf(peers.own), statement: peers.own.jwt }),
    );

    app.get(
      '/v1/peers',
      {
        schema: {
          tags,
          summary: '对接地区列表 / pinned regions',
          response: { 200: Type.Object({ peers: Type.Array(PeerJson) }) },
        },
      },
      async () => ({ peers: peers.all().map((peer) => peerJson(context, peer)) }),
    );

    app.post(
      '/v1/peers',
      {
        ...RULED,
        schema: {
          tags,
          summary: '登记对接地区 / pin a region, or take its newer statement',
          body: Type.Object({ statement: Type.String(), fingerprint: Type.String() }, CLOSED),
          response: { 201: PeerJson },
        },
      },
      async (request, reply) => {
        const { statement, fingerprint } = readInput<{ statement: string; fingerprint: string }>(pinBody, request.body);
        const pinned = await judgingContent(() => peers.pin(statement, fingerprint));
        return reply.code(201).send(peerJson(context, pinned));
      },
    );

    app.delete(
      '/v1/peers/:region',
      {
        schema: {
          tags,
          summary: '移除对接地区 / forget a region; its calls end',
          params: Region,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await peers.remove(request.params.region);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/v1/peers/:region/ping',
      {
        ...RULED,
        schema: {
          tags,
          summary: '测试往返 / send an envelope without content, which gets a receipt like any other',
          params: Region,
          body: Type.Object({ note: Type.Optional(Type.String()) }, CLOSED),
          response: { 202: Type.Object({ envelope: Type.String(), conversation: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { region } = request.params as { region: string };
        const payload = readInput<{ note: string }>(pingBody, { note: '', ...(request.body as object | undefined) });
        peers.demand(region);
        const conversation = newId();
        const { id } = await store.write((tx) =>
          outbox.enqueue(tx, { peer: region, conversation, name: 'Ping', payload }),
        );
        return reply.code(202).send({ envelope: id, conversation });
      },
    );
  };
}
