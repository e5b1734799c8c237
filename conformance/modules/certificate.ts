import { randomUUID } from 'node:crypto';
import { decode, mintCertificateIdentifier, typeName } from '#proto';
import { openSealed, readArrived } from '#trust';
import type { ConformanceModule } from '../check.ts';
import { demand, NotApplicable, say } from '../finding.ts';
import type { HeaderChanges } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { cite } from './case-ground.ts';
import { demandCallFails } from './traces.ts';

/** Questions about certificates: sealed alone, outside any order. */
export const certificate: ConformanceModule = [
  {
    id: 'check.unknown',
    clause: 'Tree and seal',
    negative: false,
    title: {
      zh: '核验不存在的证照:得到签名的“未知”答复',
      en: 'a question about no certificate gets a sealed answer: unknown',
    },
    run: async (bench) => {
      const question = ask(bench, cited(bench));
      const { id, conversation } = question;
      const envelope = await bench.peer.sealAlone(question);
      const { header, headerBytes, payload } = await answerOf(bench, envelope);
      demand(header.type === typeName('CertificateAnswer'), '答复类型不符', 'the answer is of another type');
      demand(
        header.inReplyTo === id && header.conversation === conversation,
        '答复所指不是该问题',
        'the answer is to another question',
      );
      const { status, fields } = decode('CertificateAnswer', payload);
      demand(status === 'CERTIFICATE_STATUS_UNKNOWN', `状态为 ${status}`, `the status is ${status}`);
      demand(Object.keys(fields).length === 0, '答复带有字段', 'the answer tells fields');
      const again = await answerOf(bench, envelope);
      demand(again.headerBytes.equals(headerBytes), '重复提问得到不同答复', 'the same question got another answer');
      return say(
        '签名有效,状态为未知;重复提问答复不变',
        'validly sealed, unknown; the same question got the same answer',
      );
    },
  },
  {
    id: 'check.path',
    clause: 'Tree and seal',
    negative: true,
    title: { zh: '证明路径被改动', en: 'the inclusion path was altered' },
    run: async (bench) => {
      const envelope = await bench.peer.sealAlone(ask(bench, {}));
      const [first, ...rest] = envelope.seal!.inclusionPath.map((hash) => Buffer.from(hash));
      first![0]! ^= 1;
      const altered = { ...envelope, seal: { ...envelope.seal!, inclusionPath: [first!, ...rest] } };
      await demandCallFails(bench.client().check({ envelope: altered }), 'PATH_INVALID');
      const elsewhere = { ...envelope, seal: { ...envelope.seal!, leafIndex: 0 } };
      await demandCallFails(bench.client().check({ envelope: elsewhere }), 'PATH_INVALID');
      return say(
        '改动的路径与位置均以 PATH_INVALID 结束',
        'an altered path and another place both ended with PATH_INVALID',
      );
    },
  },
  {
    id: 'check.no-seal',
    clause: 'Tree and seal',
    negative: true,
    title: { zh: '没有封装的核验问题', en: 'a question without a seal' },
    run: async (bench) => {
      const { header, payload, payloadSalt } = ask(bench, {});
      await demandCallFails(bench.client().check({ envelope: { header, payload, payloadSalt } }), 'JWS_INVALID');
      return say('以 JWS_INVALID 结束', 'ended with JWS_INVALID');
    },
  },
  {
    id: 'check.not-authorized',
    clause: 'Answers 5',
    negative: true,
    title: { zh: '未引用授权的核验问题', en: 'a question that cites no agreement' },
    run: async (bench) => {
      const envelope = await bench.peer.sealAlone(ask(bench, {}));
      await demandCallFails(bench.client().check({ envelope }), 'AUTHORIZATION_REQUIRED');
      return say('以 AUTHORIZATION_REQUIRED 结束', 'ended with AUTHORIZATION_REQUIRED');
    },
  },
  {
    id: 'check.type',
    clause: 'Envelope',
    negative: true,
    title: { zh: '核验中出现其他类型', en: 'another type in a Check' },
    run: async (bench) => {
      const envelope = await bench.peer.sealAlone(bench.peer.ping({ sequence: 0 }));
      await demandCallFails(bench.client().check({ envelope }), 'UNKNOWN_TYPE');
      return say('以 UNKNOWN_TYPE 结束', 'ended with UNKNOWN_TYPE');
    },
  },
];

/** Social credit codes that the standard publishes as examples, and a serial that nobody issued. */
function identifierOfNothing(): string {
  const parts = { typeCode: '11100000000013338W001', issuerCode: '11370800MB28559184', version: '001' };
  const serial = randomUUID().replaceAll('-', '').toUpperCase();
  const minted = mintCertificateIdentifier({ ...parts, serial });
  if (!minted.ok) throw new Error(minted.reason);
  return minted.value;
}

function ask({ peer }: Workbench, changes: HeaderChanges) {
  const question = { identifier: identifierOfNothing(), purpose: '一致性测试' };
  return peer.write('CertificateQuestion', question, { sequence: 0, ...changes });
}

function cited({ acting }: Workbench): HeaderChanges {
  const [agreement] = acting.agreements;
  if (!agreement)
    throw new NotApplicable(say('测试方目录中没有与目标地区的授权', 'the folder has no agreement with the target'));
  return cite(agreement);
}

/** The answer, its seal verified. @throws CallEnded, Deviation, VerificationError */
async function answerOf(bench: Workbench, question: object) {
  const { target, own, now } = bench;
  const { envelope } = await bench.client().check({ envelope: question });
  demand(envelope !== null, '答复中没有报文', 'the answer has no envelope');
  return openSealed(readArrived(envelope, target.region, own.region), envelope.seal, target, now());
}
