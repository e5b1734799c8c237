import { CodedError } from '#proto';
import type { RetentionConfig } from '../../config/retention-config.ts';
import type { Sql } from '../../store/store.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { jointCases } from '../joint/joint-case-table.ts';
import { WHOLE_STATES, type WholeState } from '../joint/joint-states.ts';
import { demandImpersonal, isPastRetention } from './retention.ts';
import { idleWholes } from './scrub-whole.ts';

/** States in which nothing more is done with a whole, but for what is done with its parts. */
const ENDED: readonly WholeState[] = ['complete', 'handed-over', 'withdrawn'];

/**
 * The cases of the parts of a whole that may be erased as a whole; each is judged by itself besides.
 *
 * @throws CodedError NOT_FOUND, CONFLICT while the whole is open, VALIDATION_FAILED when the reason names the applicant
 */
export async function demandWholeErasable(sql: Sql, conversation: string, reason: string): Promise<CaseFile[]> {
  const whole = await jointCases.find(sql, conversation);
  if (!whole) throw new CodedError('NOT_FOUND', 'there is no joint case with this number');
  if (!ENDED.includes(whole.state)) {
    const { zh, en } = WHOLE_STATES[whole.state];
    throw new CodedError('CONFLICT', `the whole cannot be erased now: 尚未办结 it has not ended: ${zh} ${en}`);
  }
  demandImpersonal(whole, reason);
  const files: CaseFile[] = [];
  for (const part of await jointCases.parts(sql, conversation)) {
    const file = await caseRepository.find(sql, part.conversation);
    if (file) files.push(file);
  }
  return files;
}

/** Wholes without a case of a part that were kept long enough: their items name no term, since none of them ever began. */
export async function* findIdleWholes(
  sql: Sql,
  config: RetentionConfig,
  now: number,
  page: number,
): AsyncIterable<string> {
  let last = { since: 0, conversation: '' };
  for (;;) {
    const found = await idleWholes(sql, last, now, page);
    for (const { conversation, since } of found) {
      if (!isPastRetention(config, '', since, now)) return;
      yield conversation;
    }
    if (found.length < page) return;
    last = found.at(-1)!;
  }
}
