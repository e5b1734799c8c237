import { caseRepository } from '../case/case-repository.ts';
import { isHeld } from '../case/personal/erasure-notes.ts';
import type { Store, Transaction } from '../store/store.ts';
import { archiveTable } from './archive-table.ts';
import { digestOfFile, volumeFile } from './volume-files.ts';

/** Cases of one turn; what is left comes with the next. */
const PER_TURN = 2_000;
/** Cases looked at together. */
const PAGE = 200;

export interface PurgeOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly folder: string;
  /** Milliseconds after the end of a case. */
  readonly afterMs: number;
}

/**
 * Takes the envelopes and receipts of cases that ended long ago, and of which everything personal was erased, out of the
 * database, when a volume of the archive has them and its file is still what was closed. Their entries stay in the
 * evidence log, and the numbers of their conversations stay used. A case on hold (暂停删除) keeps everything.
 *
 * @returns of how many cases; there may be more
 */
export async function purgeArchived({ store, now, folder, afterMs }: PurgeOptions): Promise<number> {
  const whole = new Map<number, boolean>();
  const last = { endedAt: 0, conversation: '' };
  let purged = 0;
  while (purged < PER_TURN) {
    const rows = await store.read.all<{ conversation: string; volume: number; ended_at: number }>(
      `SELECT conversation, archived_in AS volume, ended_at FROM case_file
       WHERE (ended_at, conversation) > (?, ?) AND ended_at <= ? AND archived_in > 0 AND erased_at IS NOT NULL
         AND (purged_at IS NULL OR updated_at > purged_at)
       ORDER BY ended_at, conversation LIMIT ?`,
      last.endedAt,
      last.conversation,
      now() - afterMs,
      PAGE,
    );
    for (const { conversation, volume } of rows) {
      if (!whole.has(volume)) whole.set(volume, await isWhole(store, folder, volume));
      if (whole.get(volume) && (await store.write((tx) => purgeCase(tx, conversation, now())))) purged += 1;
    }
    const end = rows.at(-1);
    if (!end || rows.length < PAGE) break;
    Object.assign(last, { endedAt: end.ended_at, conversation: end.conversation });
  }
  return purged;
}

/** Whether the file of a volume is there and is the one that was closed. */
async function isWhole(store: Store, folder: string, number: number): Promise<boolean> {
  const [volume, file] = await Promise.all([
    archiveTable.find(store.read, number),
    digestOfFile(volumeFile(folder, number)).catch(() => undefined),
  ]);
  return volume !== undefined && file?.digest.equals(volume.digest) === true;
}

interface Kept {
  readonly archived: number;
  readonly purged: number;
  readonly kept: number;
  readonly open: number;
  readonly filled: number;
  readonly newest: number;
}

/** @returns false when something is not archived yet, or must stay */
async function purgeCase(tx: Transaction, conversation: string, now: number): Promise<boolean> {
  const file = await caseRepository.find(tx, conversation);
  if (!file || isHeld(file)) return false;
  const row = await tx.get<Kept & Record<string, never>>(
    `SELECT archived_envelopes AS archived, purged_envelopes AS purged,
       (SELECT count(*) FROM outbox WHERE conversation = case_file.conversation AND peer = case_file.peer
         AND state IN ('accepted', 'rejected'))
         + (SELECT count(*) FROM inbox WHERE conversation = case_file.conversation AND sender = case_file.peer
         AND code <> 'SEQUENCE_USED') AS kept,
       (SELECT count(*) FROM outbox WHERE conversation = case_file.conversation AND state IN ('pending', 'dead')) AS open,
       (SELECT count(*) FROM outbox WHERE conversation = case_file.conversation AND payload IS NOT NULL)
         + (SELECT count(*) FROM inbox WHERE conversation = case_file.conversation AND payload IS NOT NULL) AS filled,
       (SELECT count(*) FROM outbox WHERE conversation = case_file.conversation
         AND position = (SELECT max(position) FROM outbox)) AS newest
     FROM case_file WHERE conversation = ?`,
    conversation,
  );
  // What is personal has an end of its own, and no volume has it.
  if (!row || row.open > 0 || row.filled > 0) return false;
  if (row.kept + row.purged !== row.archived) {
    // Something came after it was archived: a later volume has to take it whole.
    await tx.run('UPDATE case_file SET archived_in = NULL WHERE conversation = ?', conversation);
    return false;
  }
  // SQLite gives the newest position again once its row is gone, and whoever sends reads on behind it.
  if (row.newest > 0 || row.kept === 0) return false;
  // What got no verdict of its own is in no bundle: a few small rows that stay.
  await tx.run(
    "DELETE FROM outbox WHERE conversation = ? AND peer = ? AND state IN ('accepted', 'rejected')",
    conversation,
    file.peer,
  );
  await tx.run(
    "DELETE FROM inbox WHERE conversation = ? AND sender = ? AND code <> 'SEQUENCE_USED'",
    conversation,
    file.peer,
  );
  await tx.run(
    `UPDATE case_file SET purged_at = ?, purged_envelopes = archived_envelopes, purged_into = archived_in
     WHERE conversation = ?`,
    now,
    conversation,
  );
  return true;
}
