import { encode, LIMITS } from '#proto';
import type { ConformanceModule } from '../check.ts';
import { demand, say } from '../finding.ts';
import { type Answers, demandAccepted, demandAnswer } from '../wire/answers.ts';
import { demandNext, demandNoTrace, freshConversation } from './traces.ts';

/** Step 4: each number of a conversation once, in order, and many conversations at once. */
export const order: ConformanceModule = [
  {
    id: 'order.batch-of-256',
    clause: 'Answers',
    negative: false,
    title: {
      zh: '256 个报文的混合批次:每个报文恰有一个应答',
      en: 'a mixed batch of 256: each envelope gets exactly one answer, the right one',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const { peer } = bench;
        const pings = Array.from({ length: 11 }, () => peer.pings(23)).flat();
        const unknown = peer.writeBytes('tongban.v1.NoSuchMessage', Buffer.alloc(0));
        const gap = peer.ping({ sequence: 7 });
        const altered = { ...peer.ping(), payload: encode('Ping', { note: 'altered' }) };
        const answers = await session.deliver([...pings.slice(0, 100), unknown, gap, altered, ...pings.slice(100)]);
        demand(
          answers.count === LIMITS.batchEnvelopes,
          `应答数为 ${answers.count}`,
          `there are ${answers.count} answers`,
        );
        for (const ping of pings) demandAccepted(answers.to(ping));
        demandAnswer(answers.to(unknown), 'receipt', 'UNKNOWN_TYPE');
        demandAnswer(answers.to(gap), 'deferral', 'SEQUENCE_GAP');
        demandAnswer(answers.to(altered), 'refusal', 'PAYLOAD_MISMATCH');
        return say('253 接受,1 否决,1 暂缓,1 拒收', '253 accepted, 1 rejected, 1 deferred, 1 refused');
      }),
  },
  {
    id: 'order.two-batches',
    clause: 'Answers 4',
    negative: false,
    title: { zh: '同时在途的两个批次按序处理', en: 'two batches under way are taken in order' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const pings = bench.peer.pings(100);
        const numbers = [await session.post(pings.slice(0, 50)), await session.post(pings.slice(50))];
        const answers: Answers[] = [];
        for (const number of numbers) answers.push(await session.answerTo(number));
        pings.forEach((ping, index) => {
          demandAccepted(answers[index < 50 ? 0 : 1]!.to(ping));
        });
        return say('两批共 100 个报文依序接受', '100 envelopes in two batches were accepted in order');
      }),
  },
  {
    id: 'order.gap',
    clause: 'Answers 4',
    negative: true,
    title: { zh: '序号跳空被暂缓,补上前序后接受', en: 'a gap is deferred, and accepted once it is filled' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const conversation = freshConversation();
        const third = bench.peer.ping({ conversation, sequence: 3 });
        const answer = (await session.deliver([third])).to(third);
        demandAnswer(answer, 'deferral', 'SEQUENCE_GAP');
        const { expectedSequence, envelopeId } = answer.deferral;
        demand(expectedSequence === 1, `期望序号为 ${expectedSequence}`, `the expected number is ${expectedSequence}`);
        demand(envelopeId === third.id, '暂缓所指不是该报文', 'the deferral names another envelope');
        const whole = [...bench.peer.pings(2, conversation), third];
        const answers = await session.deliver(whole);
        for (const envelope of whole) demandNoTrace(answers.to(envelope));
        return say(
          '暂缓 SEQUENCE_GAP,期望 1;补齐后同一报文接受',
          'deferred, expecting 1; the same envelope was accepted afterwards',
        );
      }),
  },
  {
    id: 'order.used',
    clause: 'Answers 4',
    negative: true,
    title: { zh: '已用序号配新编号被否决,不占序号', en: 'a used number with a new id is rejected and uses no number' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const conversation = freshConversation();
        await demandNext(bench, session, conversation, 1);
        const second = bench.peer.ping({ conversation, sequence: 1 });
        demandAnswer((await session.deliver([second])).to(second), 'receipt', 'SEQUENCE_USED');
        await demandNext(bench, session, conversation, 2);
        return say('否决 SEQUENCE_USED;下一序号照常', 'rejected with SEQUENCE_USED; the next number was still free');
      }),
  },
  {
    id: 'order.id-reused',
    clause: 'Answers 2',
    negative: true,
    title: { zh: '同一编号用于不同内容被拒收', en: 'the same id with other content is refused' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const first = bench.peer.ping();
        const { id, conversation } = first;
        const accepted = (await session.deliver([first])).to(first);
        demandAccepted(accepted);
        const other = bench.peer.ping({ id, conversation, sequence: 2 }, 'other content');
        demandAnswer((await session.deliver([other])).to(other), 'refusal', 'ID_REUSED');
        const again = (await session.deliver([first])).to(first);
        demandAccepted(again);
        demand(again.body.equals(accepted.body), '原回执已改变', 'the first receipt changed');
        await demandNext(bench, session, conversation, 2);
        return say(
          '拒收 ID_REUSED;原回执不变,序号未占用',
          'refused with ID_REUSED; the first receipt stands, the number is free',
        );
      }),
  },
  {
    id: 'order.rejection-consumes',
    clause: 'Answers 4',
    negative: true,
    title: { zh: '否决也占用序号,同一会话继续', en: 'a rejection consumes its number and the conversation goes on' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = bench.peer.writeBytes('tongban.v1.NoSuchMessage', Buffer.alloc(0));
        demandAnswer((await session.deliver([bad])).to(bad), 'receipt', 'UNKNOWN_TYPE');
        await demandNext(bench, session, bad.conversation, 2);
        return say('否决后序号 2 接受', 'number 2 was accepted after the rejection');
      }),
  },
];
