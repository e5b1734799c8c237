import type { LetterQueue } from '../../../dead-letter/letter.ts';
import { LETTERS_PER_QUEUE } from '../../../dead-letter/letter-book.ts';
import { letterTable } from '../../../dead-letter/letter-table.ts';
import type { Sql } from '../../../store/store.ts';
import { type Finding, type Remedy, warning, wrong } from '../finding.ts';

const what = 'dead letters';

const DEAL: Remedy = {
  zh: '用 tongban dead-letter list 逐封查看,修好原因后 retry,确实不要的 drop',
  en: 'look at each with: tongban dead-letter list; retry what was mended, drop what nobody wants',
  page: 'dead-letter',
};

const OF_QUEUE: Readonly<Record<LetterQueue, readonly [zh: string, en: string]>> = {
  peer: ['对端', 'for the region'],
  platform: ['本地平台', 'for the platform'],
  intake: ['交办的本地平台', 'from the platform'],
};

/** What left a queue undelivered and waits for an operator (死信). */
export async function checkDeadLetters(read: Sql): Promise<Finding[]> {
  return (await letterTable.counts(read)).map(({ queue, name, count }) => {
    const [zh, en] = OF_QUEUE[queue];
    const words = {
      zh: `${zh} ${name} 有 ${count} 封死信待处理`,
      en: `${count} dead letters ${en} ${name} wait for an operator`,
    };
    return count < LETTERS_PER_QUEUE ? warning(what, words, DEAL) : wrong(what, words, DEAL);
  });
}
