import type { ErrorCode, MessageInput, PayloadName } from '#proto';
import type { ConformanceCheck, ConformanceModule } from '../check.ts';
import { say, type Words } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { demandNext } from './traces.ts';

const TYPE_STEP = 'Answers 5';

/** Step 5, before any authorization: the type is known and the payload keeps the rules. */
export const content: ConformanceModule = [
  rejection(
    'content.unknown-type',
    'UNKNOWN_TYPE',
    { zh: '未知的报文类型', en: 'a type that does not exist' },
    ({ peer }) => peer.writeBytes('tongban.v1.NoSuchMessage', Buffer.alloc(0)),
  ),
  rejection(
    'content.type-out-of-place',
    'UNKNOWN_TYPE',
    { zh: '只能用于核验的类型出现在交换中', en: 'a type that belongs only in a Check' },
    ({ peer }) => peer.write('CertificateQuestion', { purpose: 'conformance' }),
  ),
  rejection(
    'content.payload-rules',
    'PAYLOAD_INVALID',
    { zh: '正文字段不合规则', en: 'a field of the payload breaks its rule' },
    ({ peer }) => peer.ping({}, 'x'.repeat(201)),
  ),
  rejection(
    'content.payload-garbage',
    'PAYLOAD_INVALID',
    { zh: '正文不是所称类型的消息', en: 'a payload that is no message at all' },
    ({ peer }) => peer.writeBytes('tongban.v1.Ping', Buffer.from([0x0a, 0x7f, 0x01])),
  ),
  accepted(
    'content.statement',
    'Region statement',
    { zh: '接受本地区现行声明', en: 'our present statement is taken' },
    'StatementPublished',
    ({ own }) => ({ statement: own.jwt }),
  ),
  accepted(
    'content.catalogue',
    'Envelope',
    { zh: '接受通办清单', en: 'a published catalogue is taken' },
    'CataloguePublished',
    // Version 1 changes nothing where a catalogue of ours was published before.
    (bench) => ({ version: 1, scope: 'cross-province', items: offeredItems(bench) }),
  ),
];

/** A verified envelope that must be rejected with a receipt. The rejection consumes its number and nothing else. */
function rejection(id: string, code: ErrorCode, title: Words, write: (bench: Workbench) => Written): ConformanceCheck {
  return {
    id,
    clause: TYPE_STEP,
    negative: true,
    title,
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = write(bench);
        demandAnswer((await session.deliver([bad])).to(bad), 'receipt', code);
        await demandNext(bench, session, bad.conversation, 2);
        return say(`否决 ${code};会话照常继续`, `rejected with ${code}; the conversation went on`);
      }),
  };
}

function accepted<N extends PayloadName>(
  id: string,
  clause: string,
  title: Words,
  name: N,
  payload: (bench: Workbench) => MessageInput<N>,
): ConformanceCheck {
  return {
    id,
    clause,
    negative: false,
    title,
    run: (bench) =>
      bench.inSession(async (session) => {
        const envelope = bench.peer.write(name, payload(bench));
        demandAccepted((await session.deliver([envelope])).to(envelope));
        return say('已接受', 'accepted');
      }),
  };
}

/** The items that our side grants the target, else one of our own making. */
function offeredItems({ acting, own }: Workbench): object[] {
  const grants = acting.agreements.flatMap((agreement) => agreement.content.grants);
  const granted = grants.filter(({ grantor }) => grantor === own.region).flatMap(({ items }) => items);
  const codes = granted.length > 0 ? [...new Set(granted)] : ['EX001'];
  return codes.map((code) => ({
    code,
    name: '一致性测试事项',
    department: '一致性测试部门',
    applicant: 'person',
    modes: ['agency'],
    promisedWorkingDays: 1,
    statutoryWorkingDays: 20,
    result: '无',
  }));
}
