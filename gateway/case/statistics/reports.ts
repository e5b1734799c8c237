import type { Sql } from '../../store/store.ts';
import { caseRepository, PAGE } from '../case-repository.ts';
import { type CaseFacts, type Counting, factsOf } from './case-facts.ts';
import { type Tally, TallySheet } from './tally.ts';

/** Cases that were opened from one moment on and before another, in milliseconds. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

/** The cases of a period, oldest first, in constant memory (台账). */
export async function* ledger(sql: Sql, { from, until }: Period, counting: Counting): AsyncIterable<CaseFacts> {
  let after = { createdAt: from - 1, conversation: '\u{10FFFF}' };
  for (;;) {
    const files = await caseRepository.page(sql, after, until, PAGE);
    for (const file of files) yield factsOf(file, await caseRepository.events(sql, file.conversation), counting);
    const last = files.at(-1);
    if (!last || files.length < PAGE) return;
    after = { createdAt: last.createdAt, conversation: last.conversation };
  }
}

/** How the cases of a period went, by part, other region, item and mode (统计). */
export async function statistics(sql: Sql, period: Period, counting: Counting): Promise<Tally[]> {
  const sheet = new TallySheet();
  for await (const facts of ledger(sql, period, counting)) sheet.add(facts);
  return sheet.tallies();
}
