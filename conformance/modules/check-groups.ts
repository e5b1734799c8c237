import { LIMITS, type messages, typeName } from '#proto';
import { openMember, readArrived, verifyGroup } from '#trust';
import type { ConformanceModule } from '../check.ts';
import { Deviation, demand, say } from '../finding.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';
import { ask, cited } from './certificate.ts';
import { demandCallFails } from './traces.ts';

const clause = 'Connections and streams';

/** Questions in groups, one signed root for each. */
export const checkGroups: ConformanceModule = [
  {
    id: 'check.group',
    clause,
    negative: false,
    title: {
      zh: '一组问题共用一个签名:每个问题恰好得到一个签名答复',
      en: 'a group of questions under one signature: each gets exactly one sealed answer',
    },
    run: async (bench) => {
      const questions = Array.from({ length: 20 }, () => ask(bench, cited(bench)));
      const told = await answersTo(bench, questions, await bench.peer.seal(questions));
      for (const question of questions) demandAnswered(told, question);
      return say('20 个问题各得一个有效答复', 'each of 20 questions got one answer that is validly sealed');
    },
  },
  {
    id: 'check.group-repeat',
    clause: 'Answers 2',
    negative: false,
    title: { zh: '同一问题单独再问:答复不变', en: 'a question of a group, asked again alone, gets the same answer' },
    run: async (bench) => {
      const question = ask(bench, cited(bench));
      const told = await answersTo(bench, [question], await bench.peer.seal([question]));
      const given = demandAnswered(told, question);
      const { envelope } = await bench.client().check({ envelope: await bench.peer.sealAlone(question) });
      demand(envelope?.header.equals(given) === true, '重复提问得到不同答复', 'the same question got another answer');
      return say('答复报文头不变', 'the header of the answer is the same');
    },
  },
  {
    id: 'check.group-mixed',
    clause: 'Answers 5',
    negative: true,
    title: {
      zh: '组内一个问题未引用授权:只有它没有答复',
      en: 'one question of a group cites no agreement: only that one is not answered',
    },
    run: async (bench) => {
      const [good, bad, other] = [ask(bench, cited(bench)), ask(bench, {}), ask(bench, cited(bench))];
      const told = await answersTo(bench, [good, bad, other], await bench.peer.seal([good, bad, other]));
      for (const question of [good, other]) demandAnswered(told, question);
      demandFailed(told, bad, 'AUTHORIZATION_REQUIRED');
      return say(
        '以 AUTHORIZATION_REQUIRED 拒绝,其余照常答复',
        'refused with AUTHORIZATION_REQUIRED, the others answered',
      );
    },
  },
  {
    id: 'check.group-id',
    clause: 'Answers 2',
    negative: true,
    title: { zh: '组内一个编号出现两次', en: 'one id stands twice in a group' },
    run: async (bench) => {
      const first = ask(bench, cited(bench));
      const second = ask(bench, { ...cited(bench), id: first.id });
      const told = await answersTo(bench, [first, second], await bench.peer.seal([first, second]));
      demandAnswered(told, first);
      demandFailed(told, second, 'ID_REUSED');
      return say('第二个以 ID_REUSED 拒绝', 'the second one was refused with ID_REUSED');
    },
  },
  {
    id: 'check.group-root',
    clause: 'Tree and seal',
    negative: true,
    title: { zh: '签名所盖不是该组问题', en: 'the signature is over other questions' },
    run: async (bench) => {
      const questions = [ask(bench, cited(bench)), ask(bench, cited(bench))];
      const told = await answersTo(bench, questions, await bench.peer.seal([questions[0]!, ask(bench, {})]));
      for (const question of questions) demandFailed(told, question, 'ROOT_MISMATCH');
      return say('全部以 ROOT_MISMATCH 拒绝', 'all refused with ROOT_MISMATCH');
    },
  },
  {
    id: 'check.group-size',
    clause: 'exchange.proto CheckManyRequest',
    negative: true,
    title: { zh: '空组与超过 256 个问题的组', en: 'a group of no question, and one of more than 256' },
    run: async (bench) => {
      const questions = Array.from({ length: LIMITS.batchEnvelopes + 1 }, () => ask(bench, {}));
      for (const some of [questions, []]) {
        const group = groupOf(some, await bench.peer.seal(questions));
        await demandCallFails(bench.client().checkMany([group]), 'PROTOCOL_VIOLATION');
      }
      return say('均以 PROTOCOL_VIOLATION 结束', 'both ended with PROTOCOL_VIOLATION');
    },
  },
];

/** What was said about the questions of a group, in all frames. */
interface ToldOfGroup {
  /** Header bytes of the answers, by the id of the question. */
  readonly answers: ReadonlyMap<string, Buffer>;
  /** Codes, by leaf hash in hex. */
  readonly failures: ReadonlyMap<string, string>;
}

function groupOf(questions: readonly Written[], signedRoot: Buffer): object {
  return {
    number: 1,
    signedRoot,
    questions: questions.map(({ header, payload, payloadSalt }) => ({ header, payload, payloadSalt })),
  };
}

/** Sends a group and verifies every frame of answers. @throws CallEnded, Deviation, VerificationError */
async function answersTo(bench: Workbench, questions: readonly Written[], signedRoot: Buffer): Promise<ToldOfGroup> {
  const answers = new Map<string, Buffer>();
  const failures = new Map<string, string>();
  const frames = await bench.client().checkMany([groupOf(questions, signedRoot)]);
  for (const frame of frames) {
    demand(frame.answers === 1, '答复的组号不符', 'the answer is to another group');
    for (const [id, header] of openFrame(bench, frame)) {
      demand(!answers.has(id), '同一问题答复两次', 'a question was answered twice');
      answers.set(id, header);
    }
    for (const { leafHash, code } of frame.failures) failures.set(leafHash.toString('hex'), code);
  }
  demand(answers.size + failures.size === questions.length, '答复数量不符', 'not every question has one answer');
  return { answers, failures };
}

function openFrame(bench: Workbench, { signedRoot, envelopes }: messages.CheckManyResponse): [string, Buffer][] {
  if (envelopes.length === 0) return [];
  const { target, own, now } = bench;
  const arrival = { kind: 'arrival', now: now() } as const;
  const headers = envelopes.map(({ header }) => header);
  const root = verifyGroup(signedRoot, headers, target, arrival);
  return envelopes.map((envelope) => {
    const { header } = openMember(readArrived(envelope, target.region, own.region), root, now());
    demand(header.type === typeName('CertificateAnswer'), '答复类型不符', 'the answer is of another type');
    return [header.inReplyTo, envelope.header];
  });
}

/** @returns header bytes of the answer @throws Deviation when there is none */
function demandAnswered({ answers }: ToldOfGroup, { id }: Written): Buffer {
  const header = answers.get(id);
  if (!header) throw new Deviation(say('有问题未得到答复', 'a question was not answered'));
  return header;
}

/** @throws Deviation unless the question failed with this code */
function demandFailed({ failures }: ToldOfGroup, { leaf }: Written, code: string): void {
  const got = failures.get(leaf.toString('hex'));
  if (got === code) return;
  const shown = got ?? '';
  throw new Deviation(say(`应以 ${code} 拒绝,实为“${shown}”`, `should be refused with ${code}, was "${shown}"`));
}
