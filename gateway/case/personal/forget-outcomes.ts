import type { RetentionConfig } from '../../config/retention-config.ts';
import type { Store } from '../../store/store.ts';
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
          const forgotten = await tx.run(
            `UPDATE direct_outcome SET applicant = json_set(applicant, '$.name', '', '$.documentNumber', '',
               '$.mobile', '', '$.address', '') WHERE conversation = ? AND json_extract(applicant, '$.documentNumber') <> ''`,
            conversation,
          );
          if (forgotten > 0) await erasePayloads(tx, conversation);
        }
      });
    if (rows.length < PAGE) return;
    last = rows.at(-1)!;
  }
}
