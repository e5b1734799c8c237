import { Type } from '@fastify/type-provider-typebox';
import { witnessOverview } from '../../evidence/witness/overview.ts';
import type { ApiContext } from '../context.ts';
import { attachment } from '../helpers/attachment.ts';
import { evidenceOf } from '../helpers/evidence.ts';
import { purposeQuery } from '../helpers/purpose.ts';
import type { RouteModule } from '../typed.ts';
import { bytesOf, CLOSED, instant } from '../views/schemas.ts';

const tags = ['存证 / evidence'];

const State = Type.Object({
  epoch: Type.Integer({ description: '日志序 / epoch of the log' }),
  size: Type.Integer({ description: '条目数 / entries' }),
  at: instant('时间 / when'),
});
const Witness = Type.Object({
  region: Type.String(),
  seen: Type.Optional(State),
  countersigned: Type.Optional(State),
  countersignature: Type.Optional(State),
});
const Alarm = Type.Object({
  region: Type.String({ description: '日志所属地区 / whose log' }),
  epoch: Type.Integer(),
  kind: Type.String({ description: 'shortened, rewritten, unproven, split-view, restarted' }),
  via: Type.String({ description: '出示方 / region that showed the second state' }),
  held: Type.String({ description: '我方所持状态(签名) / state that we hold, a signed note' }),
  shown: Type.String({ description: '与之矛盾的状态(签名) / state that contradicts it, a signed note' }),
  first_at: instant('首次 / first seen'),
  last_at: instant('最近 / last seen'),
  times: Type.Integer(),
});
const Timestamps = Type.Object({
  url: Type.String(),
  lastAt: Type.Optional(instant('最近一个时间戳 / last timestamp')),
  lastSize: Type.Integer({ description: '其所含条目数 / entries under it' }),
  failingSince: Type.Optional(instant('自何时无应答 / since when the authority does not answer')),
  refusing: Type.Boolean({ description: '是否因此停止受理 / whether nothing new is accepted for want of it' }),
});

/** Evidence of cases (存证包) and the state of our log. */
export function evidenceRoutes(context: ApiContext): RouteModule {
  const { cases, log, peers, store, timestamps } = context;
  return (app) => {
    app.get(
      '/v1/cases/:key/evidence',
      {
        schema: {
          tags,
          summary: '导出存证包 / evidence of a case, for verification without us',
          description:
            '未写明用途或角色不可查阅个人信息时,不含正文,其余仍可验证 / without a purpose, or for a role that may not see personal data, payloads are left out; everything else still verifies',
          params: Type.Object({ key: Type.String() }, CLOSED),
          querystring: Type.Object(purposeQuery, CLOSED),
          response: { 200: bytesOf('application/json', '存证包 / evidence bundle') },
        },
      },
      async (request, reply) => {
        const { name, bytes } = await evidenceOf(context, request, await cases.demand(request.params.key));
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', attachment(name))
          .send(bytes);
      },
    );

    app.get(
      '/v1/log/checkpoint',
      {
        schema: {
          tags,
          summary: '存证日志检查点 / newest signed checkpoint of our log',
          response: {
            200: Type.Object({
              size: Type.Integer({ description: '条目数 / entries' }),
              checkpoint: Type.String({ description: '签名检查点 / signed note; empty before the first entry' }),
            }),
          },
        },
      },
      async () => ({ size: log.size, checkpoint: log.checkpoint }),
    );

    app.get(
      '/v1/log/witnesses',
      {
        schema: {
          tags,
          summary: '互相见证:各对端所见、见证签名、告警、时间戳 / who saw which logs, alarms, timestamps',
          response: {
            200: Type.Object({
              witnesses: Type.Array(Witness),
              alarms: Type.Array(Alarm),
              timestamps: Type.Optional(Timestamps),
            }),
          },
        },
      },
      async () => {
        const { witnesses, alarms } = await witnessOverview(
          store.read,
          peers.all().map(({ region }) => region),
        );
        return {
          witnesses: witnesses.map(({ region, ...states }) => ({ region, ...known(states) })),
          alarms: [...alarms],
          ...(timestamps && { timestamps: known(timestamps.status) }),
        };
      },
    );
  };
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** The members that have a value. */
function known<T extends object>(value: T): Known<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Known<T>;
}
