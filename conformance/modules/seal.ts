import { regionUrn, TYP } from '#proto';
import { SUITE_NAMES } from '#trust';
import type { ConformanceModule } from '../check.ts';
import { say } from '../finding.ts';
import { demandAnswer } from '../wire/answers.ts';
import { breakSignature, type SealChanges } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { demandNoTrace, refusalCheck } from './traces.ts';

const HOUR_MS = 60 * 60 * 1000;

/** Step 3, the signed root: who signed, for what purpose, when, over which tree. */
export const seal: ConformanceModule = [
  refusalCheck({
    id: 'seal.signature',
    clause: 'Signed objects 5',
    code: 'SIGNATURE_INVALID',
    title: { zh: '签名被改动', en: 'the signature was altered' },
    forge: async ({ peer }) => {
      const envelope = peer.ping();
      return { envelope, signedRoot: breakSignature(await peer.seal([envelope])) };
    },
  }),
  refusalCheck({
    id: 'seal.structure',
    clause: 'Signed objects 1',
    code: 'JWS_INVALID',
    title: { zh: '封装不是 JWS', en: 'the seal is no JWS' },
    forge: ({ peer }) => ({ envelope: peer.ping(), signedRoot: Buffer.from('not a seal') }),
  }),
  sealedWrongly(
    'seal.other-key',
    'Signed objects 3',
    'KEY_UNKNOWN',
    '由声明之外的密钥签名',
    'signed with a key outside the statement',
    ({ strangerKey }) => ({
      signer: strangerKey,
    }),
  ),
  sealedWrongly(
    'seal.other-purpose',
    'Suites and keys',
    'KEY_UNKNOWN',
    '由存证日志密钥签名',
    'signed with the log key',
    ({ acting }) => ({
      signer: acting.log,
    }),
  ),
  sealedWrongly(
    'seal.typ',
    'Signed objects 2',
    'TYP_MISMATCH',
    '以回执的类型签名',
    'signed as a root of receipts',
    () => ({
      typ: TYP.receiptRoot,
    }),
  ),
  sealedWrongly(
    'seal.algorithm',
    'Signed objects 4',
    'ALGORITHM_NOT_ALLOWED',
    '声称的算法不是密钥的算法',
    'the algorithm is not the one of the key',
    ({ acting: { signing } }) => ({
      signer: {
        ...signing,
        sign: (data) => signing.sign(data),
        suite: SUITE_NAMES.find((name) => name !== signing.suite)!,
      },
    }),
  ),
  sealedWrongly(
    'seal.issuer',
    'Signed objects',
    'ISSUER_MISMATCH',
    '封装以其他地区名义签发',
    'the seal is issued in the name of another region',
    ({ target }) => ({
      iss: regionUrn(target.region),
    }),
  ),
  sealedWrongly('seal.past', 'Time', 'SEAL_TIME', '一小时前的封装', 'a seal from an hour ago', ({ now }) => ({
    at: now() - HOUR_MS,
  })),
  sealedWrongly('seal.future', 'Time', 'SEAL_TIME', '一小时后的封装', 'a seal from an hour ahead', ({ now }) => ({
    at: now() + HOUR_MS,
  })),
  refusalCheck({
    id: 'seal.altered-header',
    clause: 'Tree and seal',
    code: 'ROOT_MISMATCH',
    title: { zh: '封装后报文头被改动', en: 'the header was altered after sealing' },
    forge: async ({ peer }) => {
      const honest = peer.ping();
      const { id, conversation } = honest;
      return { envelope: peer.ping({ id, conversation }), signedRoot: await peer.seal([honest]) };
    },
  }),
  {
    id: 'seal.altered-group',
    clause: 'Tree and seal',
    negative: true,
    title: { zh: '同批一个报文头被改动,整批拒收', en: 'one altered header spoils the whole group' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const group = bench.peer.pings(3);
        const [first, second, third] = group as [(typeof group)[0], (typeof group)[0], (typeof group)[0]];
        const { id, conversation, sequence } = second;
        const altered = bench.peer.ping({ id, conversation, sequence });
        const answers = await session.deliver([first, altered, third], await bench.peer.seal(group));
        for (const envelope of [first, altered, third]) demandAnswer(answers.to(envelope), 'refusal', 'ROOT_MISMATCH');
        const again = await session.deliver(group);
        for (const envelope of group) demandNoTrace(again.to(envelope));
        return say('整批拒收;原批随后全部接受', 'all three were refused; the unaltered group was accepted afterwards');
      }),
  },
];

function sealedWrongly(
  id: string,
  clause: string,
  code: 'KEY_UNKNOWN' | 'TYP_MISMATCH' | 'ALGORITHM_NOT_ALLOWED' | 'ISSUER_MISMATCH' | 'SEAL_TIME',
  zh: string,
  en: string,
  changes: (bench: Workbench) => SealChanges,
) {
  return refusalCheck({
    id,
    clause,
    code,
    title: { zh, en },
    forge: async (bench) => {
      const envelope = bench.peer.ping();
      return { envelope, signedRoot: await bench.peer.seal([envelope], changes(bench)) };
    },
  });
}
