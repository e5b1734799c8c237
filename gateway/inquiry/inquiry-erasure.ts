import { typeName } from '#proto';
import { isPastRetention } from '../case/personal/retention.ts';
import type { RetentionConfig } from '../config/retention-config.ts';
import type { Sql, Transaction } from '../store/store.ts';
import type { Inquiry } from './inquiry.ts';
import { inquiryTable } from './inquiry-table.ts';

/** Messages that hold what an inquiry says; a withdrawal names nobody. */
const TYPES = ['InquiryAsked', 'InquiryAnswered'] as const;
/** The inbox keeps them by their full names. */
const FULL_TYPES = TYPES.map(typeName);

/** What is left of an inquiry: who asked whom when, on which clause, and what became of it. */
function scrubbed(inquiry: Inquiry, at: number): Inquiry {
  const { subject, answer, ...document } = inquiry.document;
  return {
    ...inquiry,
    version: inquiry.version + 1,
    document: {
      ...document,
      ...(subject && { subject: { ...subject, name: '', documentNumber: '' } }),
      ...(answer && { answer: { ...answer, answer: '' } }),
      question: '',
    },
    erasedAt: inquiry.erasedAt ?? at,
  };
}

/** Takes what an inquiry says out of it. Its envelopes owe theirs until `erasePayloads` finds nothing of them left. */
export async function scrubInquiry(tx: Transaction, inquiry: Inquiry, at: number): Promise<Inquiry> {
  const left = scrubbed(inquiry, at);
  await inquiryTable.update(tx, left);
  await oweErasure(tx, left.conversation);
  return left;
}

/** Something came for an inquiry that was erased: what it brought goes too. */
export async function oweErasure(tx: Transaction, conversation: string): Promise<void> {
  await tx.run('UPDATE inquiry SET owes_erasure = 1 WHERE conversation = ?', conversation);
}

/** Conversations whose envelopes still hold something. */
export async function owedErasures(sql: Sql, after: string, limit: number): Promise<string[]> {
  const rows = await sql.all<{ conversation: string }>(
    'SELECT conversation FROM inquiry WHERE owes_erasure = 1 AND conversation > ? ORDER BY conversation LIMIT ?',
    after,
    limit,
  );
  return rows.map(({ conversation }) => conversation);
}

/**
 * Erases payloads and salts of an inquiry's envelopes; headers, digests and receipts stay as proof. What still waits for
 * its receipt must be sent as it was fixed, and is erased later.
 *
 * @returns whether anything was erased
 */
export async function erasePayloads(tx: Transaction, conversation: string): Promise<boolean> {
  const sent = await tx.run(
    `UPDATE outbox SET payload = NULL, salt = NULL
     WHERE conversation = ? AND type IN (?, ?) AND state <> 'pending' AND payload IS NOT NULL`,
    conversation,
    ...TYPES,
  );
  const came = await tx.run(
    `UPDATE inbox SET payload = NULL, salt = NULL
     WHERE conversation = ? AND type IN (?, ?) AND payload IS NOT NULL`,
    conversation,
    ...FULL_TYPES,
  );
  const waiting = "SELECT 1 FROM outbox WHERE conversation = ? AND type IN (?, ?) AND state = 'pending'";
  if (!(await tx.get(waiting, conversation, ...TYPES)))
    await tx.run('UPDATE inquiry SET owes_erasure = 0 WHERE conversation = ?', conversation);
  return sent + came > 0;
}

/** Inquiries that were kept for as long as their item demands since they were closed, or asked if they never were; page by page. */
export async function* pastRetention(
  sql: Sql,
  config: RetentionConfig,
  now: number,
  page: number,
): AsyncIterable<string[]> {
  let last = { conversation: '', item: '', since: 0 };
  for (;;) {
    const rows = await sql.all<typeof last>(
      `SELECT conversation, item, coalesce(closed_at, reply_by) AS since FROM inquiry
       WHERE erased_at IS NULL AND coalesce(closed_at, reply_by) <= ? AND (coalesce(closed_at, reply_by), conversation) > (?, ?)
       ORDER BY coalesce(closed_at, reply_by), conversation LIMIT ?`,
      now,
      last.since,
      last.conversation,
      page,
    );
    const due = rows.filter(({ item, since }) => isPastRetention(config, item, since, now));
    if (due.length > 0) yield due.map(({ conversation }) => conversation);
    if (rows.length < page) return;
    last = rows.at(-1)!;
  }
}
