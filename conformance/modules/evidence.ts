import { type LogCheckpoint, parseCheckpoint, signCheckpoint, verifyCheckpoint } from '#trust';
import type { ConformanceModule } from '../check.ts';
import { demand, NotApplicable, say } from '../finding.ts';

/** What was seen during the whole run. Comes last. */
export const evidence: ConformanceModule = [
  {
    id: 'evidence.receipt-seals',
    clause: 'Receipt',
    negative: false,
    title: { zh: '本次测试中每组回执的签名都有效', en: 'every group of receipts of the run is validly sealed' },
    run: async ({ observed: { receiptFaults, receiptGroups } }) => {
      demand(receiptGroups > 0, '没有收到任何回执', 'no receipt came');
      const codes = [...new Set(receiptFaults)].join(' ');
      const count = receiptFaults.length;
      demand(
        count === 0,
        `${count}/${receiptGroups} 组无效:${codes}`,
        `${count} of ${receiptGroups} groups are not: ${codes}`,
      );
      return say(`${receiptGroups} 组回执均有效`, `all ${receiptGroups} groups are valid`);
    },
  },
  {
    id: 'evidence.forged-checkpoint',
    clause: 'Witnesses',
    negative: true,
    title: {
      zh: '未经我方日志密钥签名的检查点不获见证签名,连接流照常',
      en: 'a checkpoint that is not signed by our log key is not countersigned, and the stream goes on',
    },
    run: (bench) =>
      bench.inSession(async (session) => {
        const region = bench.own.region;
        const good = await signCheckpoint(bench.acting.log, { region, epoch: 1, size: 7, root: Buffer.alloc(32, 7) });
        // Another size than was signed: the signature stays, and does not fit.
        session.line.send({ checkpoint: { note: good.replace('\n7\n', '\n8\n') } });
        const ping = bench.peer.ping();
        const number = await session.post([ping]);
        for (;;) {
          const { checkpoint, receipts } = await session.line.next();
          if (receipts?.answers === number) break;
          if (!checkpoint) continue;
          const isOurs = parseCheckpoint(checkpoint.note).region === region;
          if (!isOurs) bench.observed.checkpoint(checkpoint.note);
          demand(
            !isOurs || checkpoint.cosignatures.length === 0,
            '对端签了伪造的检查点',
            'the target countersigned it',
          );
        }
        return say('对端不予签名,照常应答', 'the target does not sign it and answers as ever');
      }),
  },
  {
    id: 'evidence.checkpoint',
    clause: 'Checkpoint',
    negative: false,
    title: { zh: '对端出示的检查点有效且日志只增不减', en: 'the checkpoints that were shown verify and only grow' },
    run: async ({ observed: { checkpoints }, target, now }) => {
      if (checkpoints.length === 0) throw new NotApplicable(say('对端未出示检查点', 'the target showed no checkpoint'));
      let last: Pick<LogCheckpoint, 'epoch' | 'size' | 'root'> = { epoch: 0, size: 0, root: Buffer.alloc(0) };
      for (const note of checkpoints) {
        const { epoch, size, root } = verifyCheckpoint(note, target, now());
        const grows =
          epoch > last.epoch || size > last.size || (size === last.size && (size === 0 || root.equals(last.root)));
        demand(grows, '存证日志缩短或被改写', 'the log became shorter or was rewritten');
        last = { epoch, size, root };
      }
      return say(
        `${checkpoints.length} 个检查点,最后 ${last.size} 条`,
        `${checkpoints.length} checkpoints, the last of ${last.size} entries`,
      );
    },
  },
];
