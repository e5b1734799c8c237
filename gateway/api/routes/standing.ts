import { Type } from '@fastify/type-provider-typebox';
import { ERROR_CODES, type ErrorCode } from '#proto';
import { PROBE_FAULTS, type ProbeFault, type ProbeStage } from '../../standing/probe-fault.ts';
import { RUNBOOKS } from '../../standing/runbooks.ts';
import { URGENCIES } from '../../standing/validity.ts';
import { VALIDITY_SUBJECTS } from '../../telemetry/subjects.ts';
import type { ApiContext } from '../context.ts';
import type { RouteModule } from '../typed.ts';
import { CLOSED, instant, words } from '../views/schemas.ts';

const tags = ['状况 / standing'];

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const ms = (description: string) => Type.Integer({ description: `${description}; 毫秒 / ms` });
const namesOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

const ValidityJson = Type.Object({
  region: Type.String({ description: '行政区划代码 / region code' }),
  subject: words(VALIDITY_SUBJECTS, '声明、各类密钥、TLS 证书 / statement, keys by purpose, TLS certificate'),
  notBefore: instant('生效 / beginning'),
  notAfter: instant('失效 / end'),
  daysLeft: Type.Integer({ description: '剩余整天数 / whole days left' }),
  urgency: words(URGENCIES, '30、7、1 天与到期 / 30, 7, 1 days and the end'),
});

const FaultJson = Type.Object({
  stage: words<ProbeStage>(['statement', 'connect', 'tls', 'hello', 'echo'], '卡在哪一步 / where it got stuck'),
  fault: words<ProbeFault>(namesOf(PROBE_FAULTS)),
  code: words<ErrorCode>(namesOf(ERROR_CODES)),
  is: Words,
  todo: Words,
  page: words(RUNBOOKS, 'docs/runbooks 中的页 / page of docs/runbooks'),
});

const ProbeJson = Type.Object({
  region: Type.String(),
  name: Type.String(),
  endpoint: Type.String({ description: 'host:port' }),
  waiting: Type.Integer({ description: '待发报文 / envelopes that wait for it' }),
  contact: Type.Optional(
    Type.Object({
      address: Type.String({ description: '应答的地址 / address that answered' }),
      connectMs: ms('域名解析与 TCP / name and TCP'),
      handshakeMs: ms('TLS 握手 / TLS handshake'),
      protocol: Type.String({ description: 'TLSv1.3' }),
      certificateUntil: instant('对端 TLS 证书失效 / end of its TLS certificate'),
    }),
  ),
  statements: Type.Optional(
    Type.Object({
      ours: Type.Integer({ description: '本地区声明序号 / serial of our statement' }),
      oursHeldThere: Type.Integer({ description: '对端所登记的 / the one that the peer holds' }),
      theirs: Type.Integer({ description: '对端声明序号 / serial of its statement' }),
      theirsHeldHere: Type.Integer({ description: '本地区所登记的 / the one that we hold' }),
    }),
  ),
  echo: Type.Optional(
    Type.Object({
      envelope: Type.String({ description: '测试报文 / the test envelope' }),
      roundTripMs: ms('到签名回执 / until its signed receipt'),
    }),
  ),
  clock: Type.Optional(
    Type.Object({
      offsetMs: ms('对端时钟快出 / how far its clock is ahead'),
      withinMs: ms('误差不超过 / the estimate is wrong by no more than'),
    }),
  ),
  fault: Type.Optional(FaultJson),
});

/** What ends when, and whether the whole way to a peer works (状况). */
export function standingRoutes({ probe, validity }: ApiContext): RouteModule {
  return (app) => {
    app.get(
      '/v1/health/validity',
      {
        schema: {
          tags,
          summary: '有效期一览 / when statements, keys and certificates end, the most urgent first',
          response: { 200: Type.Object({ validities: Type.Array(ValidityJson) }) },
        },
      },
      async () => ({ validities: validity.list() }),
    );

    app.post(
      '/v1/peers/:region/probe',
      {
        schema: {
          tags,
          summary:
            '探测对端 / try TCP, TLS, hello and a test envelope with its signed receipt; takes up to half a minute',
          params: Type.Object({ region: Type.String() }, CLOSED),
          response: { 200: ProbeJson },
        },
      },
      async (request) => probe.probe(request.params.region),
    );
  };
}
