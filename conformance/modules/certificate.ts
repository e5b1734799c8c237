import { randomBytes, randomUUID } from 'node:crypto';
import {
  CERTIFICATE_REFERENCE_BYTES,
  decode,
  mintCertificateIdentifier,
  mintCertificateReference,
  typeName,
} from '#proto';
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
      const answer = decode('CertificateAnswer', payload);
      demandUnknown(answer.status, 'CERTIFICATE_STATUS_UNKNOWN', answer);
      const again = await answerOf(bench, envelope);
      demand(again.headerBytes.equals(headerBytes), '重复提问得到不同答复', 'the same question got another answer');
      return say(
        '签名有效,状态为未知;重复提问答复不变',
        'validly sealed, unknown; the same question got the same answer',
      );
    },
  },
  {
    id: 'check.reference',
    clause: 'Connections and streams',
    negative: false,
    title: {
      zh: '按查验码核验不存在的证照:得到签名的“未知”答复',
      en: 'a question by a reference that nobody gave out gets a sealed answer: unknown',
    },
    run: async (bench) => {
      const reference = mintCertificateReference(randomBytes(CERTIFICATE_REFERENCE_BYTES));
      const question = { reference, purpose: '一致性测试' };
      const envelope = bench.peer.write('CertificateQuestion', question, { sequence: 0, ...cited(bench) });
      const { payload } = await answerOf(bench, await bench.peer.sealAlone(envelope));
      const answer = decode('CertificateAnswer', payload);
      demand(
        answer.reference === reference && answer.identifier === '',
        '答复所指不是该查验码',
        'the answer is about something else than the reference',
      );
      demandUnknown(answer.status, 'CERTIFICATE_STATUS_UNKNOWN', answer);
      return say('签名有效,状态为未知', 'validly sealed, unknown');
    },
  },
  {
    id: 'check.data',
    clause: 'Connections and streams',
    negative: false,
    title: {
      zh: '查询无人答复的数据:得到签名的“未知”答复',
      en: 'a question about data that nobody answers gets a sealed answer: unknown',
    },
    run: async (bench) => {
      const envelope = bench.peer.write('DataQuestion', DATA_QUESTION, { sequence: 0, ...cited(bench) });
      const { header, payload } = await answerOf(bench, await bench.peer.sealAlone(envelope));
      demand(header.type === typeName('DataAnswer'), '答复类型不符', 'the answer is of another type');
      const answer = decode('DataAnswer', payload);
      demand(answer.kind === DATA_QUESTION.kind, '答复所指不是该问题', 'the answer is about another kind of data');
      demandUnknown(answer.status, 'DATA_STATUS_UNKNOWN', answer);
      return say('签名有效,状态为未知', 'validly sealed, unknown');
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
    id: 'check.recipient',
    clause: 'Answers 1',
    negative: true,
    title: { zh: '收件方为其他地区的核验问题', en: 'a question for another recipient' },
    run: async (bench) => {
      const envelope = await bench.peer.sealAlone(ask(bench, { recipient: bench.own.region }));
      await demandCallFails(bench.client().check({ envelope }), 'WRONG_RECIPIENT');
      return say('以 WRONG_RECIPIENT 结束', 'ended with WRONG_RECIPIENT');
    },
  },
  {
    id: 'check.too-many-fields',
    clause: 'Answers 5',
    negative: true,
    title: { zh: '索要字段过多的核验问题', en: 'a question that asks for too many fields' },
    run: async (bench) => {
      const fields = Array.from({ length: 51 }, (_, at) => `field_${at}`);
      const question = { identifier: identifierOfNothing(), purpose: '一致性测试', fields };
      const written = bench.peer.write('CertificateQuestion', question, { sequence: 0, ...cited(bench) });
      const envelope = await bench.peer.sealAlone(written);
      await demandCallFails(bench.client().check({ envelope }), 'PAYLOAD_INVALID');
      return say('以 PAYLOAD_INVALID 结束', 'ended with PAYLOAD_INVALID');
    },
  },
  {
    id: 'check.id-reused',
    clause: 'Answers 2',
    negative: true,
    title: { zh: '以旧编号提出另一问题', en: 'another question under the id of one that was answered' },
    run: async (bench) => {
      const first = ask(bench, cited(bench));
      await answerOf(bench, await bench.peer.sealAlone(first));
      const envelope = await bench.peer.sealAlone(ask(bench, { ...cited(bench), id: first.id }));
      await demandCallFails(bench.client().check({ envelope }), 'ID_REUSED');
      return say('以 ID_REUSED 结束', 'ended with ID_REUSED');
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

/** A kind of data that no region has. */
const DATA_QUESTION = {
  item: 'CONFORMANCE',
  kind: 'conformance-test',
  parameters: [{ name: 'number', type: 'number', value: '1' }],
  fields: ['field'],
  purpose: '一致性测试',
  legalBasis: '一致性测试',
};

/** @throws Deviation unless nothing is told */
function demandUnknown(
  status: string,
  unknown: string,
  { fields }: { fields: Readonly<Record<string, string>> },
): void {
  demand(status === unknown, `状态为 ${status}`, `the status is ${status}`);
  demand(Object.keys(fields).length === 0, '答复带有字段', 'the answer tells fields');
}

/** Social credit codes that the standard publishes as examples, and a serial that nobody issued. */
function identifierOfNothing(): string {
  const parts = { typeCode: '11100000000013338W001', issuerCode: '11370800MB28559184', version: '001' };
  const serial = randomUUID().replaceAll('-', '').toUpperCase();
  const minted = mintCertificateIdentifier({ ...parts, serial });
  if (!minted.ok) throw new Error(minted.reason);
  return minted.value;
}

/** A question about a certificate that nobody issued. */
export function ask({ peer }: Workbench, changes: HeaderChanges) {
  const question = { identifier: identifierOfNothing(), purpose: '一致性测试' };
  return peer.write('CertificateQuestion', question, { sequence: 0, ...changes });
}

/** Cites the first agreement with the target. @throws NotApplicable */
export function cited({ acting }: Workbench): HeaderChanges {
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
