import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { demand, say, type Words } from '../finding.ts';
import type { Caller } from '../workbench.ts';
import { demandCallFails } from './traces.ts';

/** Method of gRPC's server reflection, and the field of its request that asks for the list of services. */
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const LIST_SERVICES = 7;

/** Who is let in, and what everybody may ask. */
export const connection: ConformanceModule = [
  {
    id: 'connection.hello',
    clause: 'exchange.proto Hello',
    negative: false,
    title: {
      zh: '互致问候:对端说明自己的地区与声明,并认得本地区的声明',
      en: 'the target greets, says who it is and knows our statement',
    },
    run: (bench) =>
      bench.inSession(async ({ hello }) => {
        const { target, own } = bench;
        demand(hello.protocol === 1, `协议版本为 ${hello.protocol}`, `the protocol is ${hello.protocol}`);
        demand(hello.region === target.region, '问候中的地区不是目标地区', 'the hello names another region');
        const same = hello.statementSerial === target.serial && hello.statementDigest.equals(target.digest);
        demand(
          same || hello.statementSerial > target.serial,
          '对端声明与给定的声明不一致',
          'the target has another statement than the one given',
        );
        demand(
          hello.peerStatementSerial === own.serial && hello.peerStatementDigest.equals(own.digest),
          '对端登记的本地区声明不是最新的',
          'the target does not hold our present statement',
        );
        const newer = same ? '' : ` (${hello.statementSerial} > ${target.serial})`;
        return say(`声明序号 ${hello.statementSerial}${newer}`, `statement serial ${hello.statementSerial}${newer}`);
      }),
  },
  turnedAway('connection.no-certificate', 'nobody', {
    zh: '无客户端证书的连接在读取任何消息之前即被拒绝',
    en: 'a caller without a certificate is turned away before a message is read',
  }),
  turnedAway('connection.unpinned-certificate', 'stranger', {
    zh: '未登记的自签证书被拒绝',
    en: 'a self-made certificate that nobody pinned is turned away',
  }),
  turnedAway('connection.impostor-certificate', 'impostor', {
    zh: '主题与登记证书相同、密钥不同的证书被拒绝',
    en: 'a certificate with the pinned subject and another key is turned away',
  }),
  {
    id: 'connection.health',
    clause: 'exchange.proto ExchangeService',
    negative: false,
    title: { zh: '标准健康检查回答 SERVING', en: 'the standard health service answers SERVING' },
    run: async (bench) => {
      const serving = Buffer.from([0x08, 0x01]);
      for (const service of ['', 'tongban.v1.ExchangeService']) {
        const answer = await bench.client().raw('/grpc.health.v1.Health/Check', textField(1, service));
        demand(answer.equals(serving), `服务“${service}”未就绪`, `the service '${service}' is not serving`);
      }
      return say('整体与交换服务均为 SERVING', 'SERVING, as a whole and for the exchange');
    },
  },
  {
    id: 'connection.reflection',
    clause: 'exchange.proto ExchangeService',
    negative: false,
    title: { zh: '标准反射服务列出三个服务', en: 'the standard reflection service lists the three services' },
    run: async (bench) => {
      const listed = await bench.client().rawStream(REFLECTION, textField(LIST_SERVICES, '*'));
      for (const service of ['ExchangeService', 'CheckService', 'MaterialService']) {
        demand(listed.includes(`tongban.v1.${service}`), `未列出 ${service}`, `${service} is not listed`);
      }
      return say('三个服务均已列出', 'all three are listed');
    },
  },
];

/** The calls that a caller could make, each turned away. */
function turnedAway(id: string, caller: Caller, title: Words): ConformanceCheck {
  return {
    id,
    clause: 'Answers 0',
    negative: true,
    title,
    run: async (bench) => {
      const client = bench.client(caller);
      const line = client.exchange();
      line.send({ hello: bench.hello });
      await demandCallFails(line.next(), 'PEER_UNKNOWN');
      const { conversation, leaf: digest } = bench.peer.ping();
      await demandCallFails(client.materialStatus({ conversation, digest }), 'PEER_UNKNOWN');
      await demandCallFails(client.check({}), 'PEER_UNKNOWN');
      return say('三个服务均以 PEER_UNKNOWN 结束调用', 'each of the three services ended the call with PEER_UNKNOWN');
    },
  };
}

/** One protobuf text field of less than 128 bytes. */
function textField(number: number, value: string): Buffer {
  return value === ''
    ? Buffer.alloc(0)
    : Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), Buffer.from(value)]);
}
