import type { RetentionConfig } from '../../config/retention-config.ts';
import type { Store, Transaction } from '../../store/store.ts';
import { applicantOf, applicantText } from '../direct/direct-outcomes.ts';
import { isPastRetention } from './retention.ts';
import { erasePayloads } from './scrub.ts';

/** Outcomes in one unit of work. */
const PAGE = 500;

/**
 * Erases whom the outcomes of other regions (直接通办办结告知) are about, once they were kept long enough.
 *
 * @param now milliseconds
 */
export async function forgetOutcomes(store: Store, config: RetentionConfig, now: number): Promise<void> {
  let last = { received_at: 0, conversation: '' };
  for (;;) {
    const rows = await store.read.all<{ conversation: string; item: string; received_at: number }>(
      `SELECT conversation, item, received_at FROM direct_outcome
       WHERE (received_at, conversation) > (?, ?) ORDER BY received_at, conversation LIMIT ?`,
      last.received_at,
      last.conversation,
      PAGE,
    );
    const due = rows.filter(({ item, received_at }) => isPastRetention(config, item, received_at, now));
    if (due.length > 0)
      await store.write(async (tx) => {
        for (const { conversation } of due) {
          if (await forgetApplicant(tx, conversation)) await erasePayloads(tx, conversation);
        }
      });
    if (rows.length < PAGE) return;
    last = rows.at(-1)!;
  }
}

/** @returns whether there was anything to forget */
async function forgetApplicant(tx: Transaction, conversation: string): Promise<boolean> {
  const rows = await tx.all<{ peer: string; applicant: string }>(
    'SELECT peer, applicant FROM direct_outcome WHERE conversation = ?',
    conversation,
  );
  let forgotten = false;
  for (const { peer, applicant: text } of rows) {
    const applicant = applicantOf(tx, conversation, peer, text);
    if (applicant.documentNumber === '') continue;
    const blank = { ...applicant, name: '', documentNumber: '', mobile: '', address: '' };
    await tx.run(
      'UPDATE direct_outcome SET applicant = ? WHERE conversation = ? AND peer = ?',
      applicantText(tx, conversation, peer, blank),
      conversation,
      peer,
    );
    forgotten = true;
  }
  return forgotten;
}
