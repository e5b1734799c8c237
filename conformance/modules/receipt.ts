import { LIMITS } from '#proto';
import { readReceipt, verifyReceiptGroup } from '#trust';
import type { ConformanceModule } from '../check.ts';
import { demand, say } from '../finding.ts';
import { demandAccepted, demandAnswer } from '../wire/answers.ts';
import type { Written } from '../wire/hostile-peer.ts';
import type { Workbench } from '../workbench.ts';

/** The signed verdict: its body, its seal, and that it never changes. */
export const receipt: ConformanceModule = [
  {
    id: 'receipt.ping',
    clause: 'Receipt',
    negative: false,
    title: { zh: 'Ping 得到正确且签名有效的回执', en: 'a Ping gets a correct receipt under a valid seal' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const ping = bench.peer.ping();
        const before = bench.now();
        const answers = await session.deliver([ping]);
        const answer = answers.to(ping);
        demandAccepted(answer);
        verifyReceiptGroup(answers.frame.signedRoot, answers.frame.receipts, bench.target);
        demandBody(bench, answer.body, ping, before);
        return say('回执各字段与签名均正确', 'every field and the seal are right');
      }),
  },
  {
    id: 'receipt.repeat',
    clause: 'Receipt',
    negative: false,
    title: {
      zh: '在另一连接上重发同一报文,得到逐字节相同的回执',
      en: 'the same envelope on another stream gets the identical receipt',
    },
    run: async (bench) => {
      const ping = bench.peer.ping();
      const bodies = [await receiptOf(bench, ping), await receiptOf(bench, ping)] as const;
      demand(bodies[0].equals(bodies[1]), '两次回执不同', 'the two receipts differ');
      return say('两次回执逐字节相同', 'both receipts are the same bytes');
    },
  },
  {
    id: 'receipt.replay',
    clause: 'Answers 2',
    negative: true,
    title: {
      zh: '用旧封装重放报文:先于时间判断给出原回执,不再生效',
      en: 'a replay under an old seal gets the stored receipt, before time is judged, and has no second effect',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const ping = bench.peer.ping();
        const first = (await session.deliver([ping])).to(ping);
        demandAccepted(first);
        const old = await bench.peer.seal([ping], { at: bench.now() - 2 * LIMITS.sealSkewMs });
        const again = (await session.deliver([ping], old)).to(ping);
        demandAccepted(again);
        demand(first.body.equals(again.body), '重放得到另一份回执', 'the replay got another receipt');
        const next = bench.peer.ping({ conversation: ping.conversation, sequence: 2 });
        demandAccepted((await session.deliver([next])).to(next));
        return say('原回执逐字节返回;序号未被再次占用', 'the same bytes came back; no number was used twice');
      }),
  },
  {
    id: 'receipt.rejection-repeat',
    clause: 'Receipt',
    negative: true,
    title: { zh: '被否决的报文重发后得到相同的否决回执', en: 'a rejected envelope gets the identical rejection again' },
    run: (bench) =>
      bench.inSession(async (session) => {
        const bad = bench.peer.writeBytes('tongban.v1.NoSuchMessage', Buffer.alloc(0));
        const [first, again] = [(await session.deliver([bad])).to(bad), (await session.deliver([bad])).to(bad)];
        demandAnswer(first, 'receipt', 'UNKNOWN_TYPE');
        demandAnswer(again, 'receipt', 'UNKNOWN_TYPE');
        demand(first.body.equals(again.body), '两次否决回执不同', 'the two rejections differ');
        return say('两次否决回执逐字节相同', 'both rejections are the same bytes');
      }),
  },
];

/** Every field of a receipt's body. @throws Deviation, VerificationError */
function demandBody({ target, own, now }: Workbench, bytes: Buffer, ping: Written, before: number): void {
  const body = readReceipt(bytes, target.region, own.region);
  const right =
    body.envelopeId === ping.id &&
    body.leafHash.equals(ping.leaf) &&
    body.conversation === ping.conversation &&
    body.sequence === ping.sequence;
  demand(right, '回执所指不是该报文', 'the receipt is about another envelope');
  const { receivedAt, decidedAt } = body;
  demand(receivedAt <= decidedAt, '决定时间早于收到时间', 'decided before it was received');
  const near = receivedAt > before - LIMITS.sealSkewMs && decidedAt < now() + LIMITS.sealSkewMs;
  demand(near, '回执时间与本机相差超过 5 分钟', 'the times are more than five minutes from our clock');
}

function receiptOf(bench: Workbench, ping: Written): Promise<Buffer> {
  return bench.inSession(async (session) => {
    const answer = (await session.deliver([ping])).to(ping);
    demandAccepted(answer);
    return answer.body;
  });
}
