import { type Static, Type } from '@fastify/type-provider-typebox';
import { CodedError } from '#proto';
import type { ApiContext } from '../context.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, words } from '../views/schemas.ts';

const EnvelopeJson = Type.Object({
  id: Type.String(),
  peer: Type.String({ description: '收件地区 / recipient' }),
  conversation: Type.String(),
  sequence: Type.Integer(),
  type: Type.String({ description: '正文类型 / type of the payload' }),
  state: words(
    ['pending', 'accepted', 'rejected', 'expired', 'dead', 'dropped'],
    'dead:死信,等待处理 / it waits for an operator',
  ),
  code: Type.String({ description: '拒绝原因 / why it was not accepted, or empty' }),
  sentAt: instant('发送 / accepted for sending'),
  settledAt: Type.Union([Type.Integer(), Type.Null()], { description: '了结 / when its fate was known' }),
  receipt: Type.Union([Type.String(), Type.Null()], { description: '回执 / body of the receipt, base64url' }),
});

interface Row {
  readonly id: string;
  readonly peer: string;
  readonly conversation: string;
  readonly sequence: number;
  readonly type: string;
  readonly state: Static<typeof EnvelopeJson>['state'];
  readonly code: string;
  readonly created_at: number;
  readonly settled_at: number | null;
  readonly receipt: Buffer | null;
}

/** The fate of envelopes that we sent. */
export function envelopeRoutes({ store }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/envelopes/:id',
      {
        schema: {
          tags: ['报文 / envelopes'],
          summary: '报文状态 / what became of an envelope that we sent',
          params: Type.Object({ id: Type.String() }, CLOSED),
          response: { 200: EnvelopeJson },
        },
      },
      async (request) => {
        const row = await store.read.get<Row>(
          `SELECT id, peer, conversation, sequence, type, state, code, created_at, settled_at, receipt FROM outbox
           WHERE id = ?`,
          request.params.id,
        );
        if (!row) throw new CodedError('NOT_FOUND', 'we sent no envelope with this id');
        const { created_at: sentAt, settled_at: settledAt, receipt, ...envelope } = row;
        return { ...envelope, sentAt, settledAt, receipt: receipt?.toString('base64url') ?? null };
      },
    );
  };
}
