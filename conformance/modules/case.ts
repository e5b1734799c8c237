import type { ConformanceModule } from '../check.ts';
import { demand, say } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import { caseGrounds, cite, inCase, materialOf, nextInCase, openCase, transfer, withdraw } from './case-ground.ts';
import { frames, newFile } from './material.ts';
import { freshConversation } from './traces.ts';

const clause = 'Answers 6';
const HANDLER = { organisation: '一致性测试', staff: 'TEST01' };

/** Step 6: a case is taken under an agreement, with its materials, and moves only as its state allows. */
export const cases: ConformanceModule = [
  {
    id: 'case.transfer',
    clause: 'Authorization',
    negative: false,
    title: {
      zh: '授权范围内的转办(含材料)被接受,撤回亦被接受',
      en: 'a transfer with a material is taken under the agreement, and so is its withdrawal',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const opened = await openCase(bench, async (ground, conversation) => {
          const file = newFile(conversation);
          await bench.client().pushMaterial(frames(file));
          const payload = transfer(ground, bench.now(), [materialOf(file)]);
          const envelope = bench.peer.write('CaseTransfer', payload, { conversation, ...cite(ground.agreement) });
          return (await session.deliver([envelope])).to(envelope);
        });
        demandAccepted(await withdraw(bench, session, opened));
        const { item, mode } = opened.ground;
        return say(`事项 ${item}(${mode})转办后撤回`, `item ${item} (${mode}) was transferred and withdrawn`);
      }),
  },
  {
    id: 'case.material-missing',
    clause,
    negative: true,
    title: {
      zh: '材料未到的转办被暂缓,材料到后接受',
      en: 'a transfer whose material is missing is deferred, and taken once it is there',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const opened = await openCase(bench, async (ground, conversation) => {
          const file = newFile(conversation);
          const payload = transfer(ground, bench.now(), [materialOf(file)]);
          const envelope = bench.peer.write('CaseTransfer', payload, { conversation, ...cite(ground.agreement) });
          const early = (await session.deliver([envelope])).to(envelope);
          if (early.kind === 'receipt' && early.code !== '') return early;
          demandAnswer(early, 'deferral', 'MATERIAL_MISSING');
          const named = early.deferral.missingMaterials.map((digest) => digest.toString('hex'));
          demand(named.join() === file.digest.toString('hex'), '未指明缺少的材料', 'the missing material is not named');
          await bench.client().pushMaterial(frames(file));
          return (await session.deliver([envelope])).to(envelope);
        });
        await withdraw(bench, session, opened);
        return say(
          '暂缓 MATERIAL_MISSING;送达后同一报文接受',
          'deferred; the same envelope was accepted once the file was there',
        );
      }),
  },
  {
    id: 'case.material-size',
    clause,
    negative: true,
    title: {
      zh: '所称大小与送达文件不符的转办被否决',
      en: 'a transfer that says another size of a material than that of the file is rejected',
    },
    run: (bench) =>
      bench.inSession((session) =>
        inCase(bench, session, async ({ ground }) => {
          const conversation = freshConversation();
          const file = newFile(conversation);
          await bench.client().pushMaterial(frames(file));
          const wrong = { ...materialOf(file), size: file.bytes.length + 1 };
          const payload = transfer(ground, bench.now(), [wrong]);
          const envelope = bench.peer.write('CaseTransfer', payload, { conversation, ...cite(ground.agreement) });
          demandAnswer((await session.deliver([envelope])).to(envelope), 'receipt', 'PAYLOAD_INVALID');
          return say('否决 PAYLOAD_INVALID', 'rejected with PAYLOAD_INVALID');
        }),
      ),
  },
  {
    id: 'case.illegal-transition',
    clause,
    negative: true,
    title: {
      zh: '当前状态不允许的行为被否决,状态不变',
      en: 'what the state does not allow is rejected and changes nothing',
    },
    run: (bench) =>
      bench.inSession((session) =>
        inCase(bench, session, async (opened) => {
          const rating = { score: 5, ratedAt: bench.now() };
          const rated = nextInCase(opened, (changes) => bench.peer.write('CaseRated', rating, changes));
          demandAnswer((await session.deliver([rated])).to(rated), 'receipt', 'ILLEGAL_TRANSITION');
          demandAccepted(await withdraw(bench, session, opened));
          const payload = { reason: '再次撤回', handler: HANDLER };
          const again = nextInCase(opened, (changes) => bench.peer.write('WithdrawalRequested', payload, changes));
          demandAnswer((await session.deliver([again])).to(again), 'receipt', 'ILLEGAL_TRANSITION');
          return say(
            '未办结即评价、重复撤回均被否决;其间的撤回有效',
            'a rating before the decision and a second withdrawal were rejected; the withdrawal between them held',
          );
        }),
      ),
  },
  {
    id: 'case.unknown',
    clause: 'Answers 5',
    negative: true,
    title: { zh: '没有对应办件的报文被否决', en: 'a message about no case is rejected' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const { agreement } = caseGrounds(bench)[0]!;
        const lost = bench.peer.write('CaseRated', { score: 5, ratedAt: bench.now() }, cite(agreement));
        const answer = (await session.deliver([lost])).to(lost);
        demandAnswer(answer, 'receipt', 'CASE_UNKNOWN');
        return say('否决 CASE_UNKNOWN', 'rejected with CASE_UNKNOWN');
      }),
  },
];
