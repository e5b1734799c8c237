import { CodedError, type InquiryKind } from '#proto';
import type { Office } from '../calendar/office.ts';
import type { Row, Sql, Transaction } from '../store/store.ts';
import type { Inquiry } from './inquiry.ts';
import type { InquiryRole, InquiryState } from './inquiry-states.ts';

/** What a list is narrowed to. */
export interface InquiryFilter {
  readonly state?: string | undefined;
  readonly peer?: string | undefined;
  readonly role?: string | undefined;
  readonly kind?: string | undefined;
}

/** An inquiry whose warning or end of the limit has come. */
export interface DueReply {
  readonly conversation: string;
  /** Milliseconds. */
  readonly replyBy: number;
  /** `reply-warning` before it is due, `reply-overdue` once it is. */
  readonly stage: 'reply-warning' | 'reply-overdue';
}

/** Inquiries in the store. */
export const inquiryTable = {
  async find(sql: Sql, conversation: string): Promise<Inquiry | undefined> {
    const row = await sql.get('SELECT * FROM inquiry WHERE conversation = ?', conversation);
    return row && inquiryOf(sql, row);
  },

  /** By its conversation, or its number where only one has it. @throws CodedError NOT_FOUND */
  async demand(sql: Sql, key: string): Promise<Inquiry> {
    const found = await this.find(sql, key);
    if (found) return found;
    const [row, second] = await sql.all('SELECT * FROM inquiry WHERE number = ? LIMIT 2', key);
    if (!row || second) throw new CodedError('NOT_FOUND', 'there is no such inquiry');
    return inquiryOf(sql, row);
  },

  /**
   * Newest first.
   *
   * @param before asked_at and conversation of the last one of the page before
   */
  async list(
    sql: Sql,
    { state = '', peer = '', role = '', kind = '' }: InquiryFilter,
    limit: number,
    before?: readonly [askedAt: number, conversation: string],
  ): Promise<Inquiry[]> {
    const rows = await sql.all(
      `SELECT * FROM inquiry
       WHERE (asked_at, conversation) < (?, ?) AND (? = '' OR state = ?) AND (? = '' OR peer = ?)
         AND (? = '' OR role = ?) AND (? = '' OR kind = ?)
       ORDER BY asked_at DESC, conversation DESC LIMIT ?`,
      before?.[0] ?? Number.MAX_SAFE_INTEGER,
      before?.[1] ?? '',
      ...[state, state, peer, peer, role, role, kind, kind],
      limit,
    );
    return rows.map((row) => inquiryOf(sql, row));
  },

  /** Keeps a new one, to be warned of one working day before its answer is due. @returns false when the conversation is taken */
  async insert(tx: Transaction, inquiry: Inquiry, office: Office): Promise<boolean> {
    const { conversation, number, role, peer, kind, item, state, authorizationId, version } = inquiry;
    const inserted = await tx.run(
      `INSERT INTO inquiry (conversation, number, role, peer, kind, item, state, authorization_id, version, document,
         asked_at, reply_by, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation) DO NOTHING`,
      ...[conversation, number, role, peer, kind, item, state, authorizationId, version],
      documentText(tx, inquiry),
      inquiry.askedAt,
      inquiry.replyBy,
      Math.max(inquiry.askedAt, office.before(inquiry.replyBy)),
    );
    return inserted === 1;
  },

  /** Writes a change; nobody waits any more for the answer of one that is closed. */
  async update(tx: Transaction, inquiry: Inquiry): Promise<void> {
    const { conversation, state, version, isLate, closedAt, erasedAt, code } = inquiry;
    await tx.run(
      `UPDATE inquiry SET state = ?, version = ?, document = ?, is_late = ?, closed_at = ?, erased_at = ?, code = ?,
         next_at = CASE WHEN ? = 'open' THEN next_at END WHERE conversation = ?`,
      ...[state, version, documentText(tx, inquiry), isLate ? 1 : 0, closedAt ?? null, erasedAt ?? null, code],
      ...[state, conversation],
    );
  },

  /** At most `limit` whose next stage has come, the oldest first. */
  async due(sql: Sql, now: number, limit: number): Promise<DueReply[]> {
    const rows = await sql.all<{ conversation: string; reply_by: number; stage: DueReply['stage'] }>(
      'SELECT conversation, reply_by, stage FROM inquiry WHERE next_at <= ? ORDER BY next_at LIMIT ?',
      now,
      limit,
    );
    // Whoever was away when a warning was due says at once that it is overdue.
    return rows.map(({ conversation, reply_by, stage }) => {
      return { conversation, replyBy: reply_by, stage: reply_by <= now ? 'reply-overdue' : stage };
    });
  },

  /** Looks at a limit again only later. */
  async defer(tx: Transaction, { conversation }: DueReply, until: number): Promise<void> {
    await tx.run('UPDATE inquiry SET next_at = ? WHERE conversation = ? AND next_at IS NOT NULL', until, conversation);
  },

  /** Takes a stage as told. @returns false when somebody else told it, or nobody waits any more */
  async told(tx: Transaction, { conversation, stage }: DueReply): Promise<boolean> {
    const changed =
      stage === 'reply-warning'
        ? await tx.run(
            `UPDATE inquiry SET stage = 'reply-overdue', next_at = reply_by
             WHERE conversation = ? AND stage = 'reply-warning' AND next_at IS NOT NULL`,
            conversation,
          )
        : await tx.run(
            'UPDATE inquiry SET next_at = NULL, is_late = 1 WHERE conversation = ? AND next_at IS NOT NULL',
            conversation,
          );
    return changed === 1;
  },
};

function documentText({ vault }: Sql, { conversation, document }: Inquiry): string {
  return vault.sealText('inquiry.document', conversation, JSON.stringify(document));
}

function inquiryOf({ vault }: Sql, row: Row): Inquiry {
  const { closed_at: closedAt, erased_at: erasedAt } = row as { closed_at: number | null; erased_at: number | null };
  return {
    conversation: row.conversation as string,
    number: row.number as string,
    role: row.role as InquiryRole,
    peer: row.peer as string,
    kind: row.kind as InquiryKind,
    item: row.item as string,
    state: row.state as InquiryState,
    authorizationId: row.authorization_id as string,
    version: row.version as number,
    document: JSON.parse(vault.openText('inquiry.document', row.conversation as string, row.document as string)),
    askedAt: row.asked_at as number,
    replyBy: row.reply_by as number,
    isLate: row.is_late === 1,
    ...(closedAt !== null && { closedAt }),
    ...(erasedAt !== null && { erasedAt }),
    code: row.code as string,
  };
}
