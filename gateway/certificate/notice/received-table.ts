import type { Sql, Transaction } from '../../store/store.ts';
import type { Decision } from './words.ts';

/** The newest notice of a region about a certificate of its own. Times in milliseconds. */
export interface ReceivedNotice extends Decision {
  readonly issuer: string;
  /** SHA-256 of the issuer-signed JWT: by it the certificate is known again. */
  readonly digest: Buffer;
  /** As the notice names it, or as we know it; empty when neither says. */
  readonly identifier: string;
  readonly reference: string;
  /** Name of the authority (颁发机构). */
  readonly authority: string;
  /** Envelope that carried it, and its conversation. */
  readonly conversation: string;
  readonly envelope: string;
  /** Whether we have the certificate, or asked about it. */
  readonly isExpected: boolean;
  readonly receivedAt: number;
}

type Row = Omit<ReceivedNotice, 'isExpected'> & { readonly is_expected: number };

const COLUMNS = `issuer, digest, identifier, reference, status, ground, reason, authority, decided_at AS "decidedAt",
  conversation, envelope, is_expected, received_at AS "receivedAt"`;
/** Notices that are shown under one identifier, at most: every region may claim it. */
const MAX_SHOWN = 100;

/** The rows of the notices that other regions sent. */
export const receivedNotices = {
  async find(sql: Sql, issuer: string, digest: Buffer): Promise<ReceivedNotice | undefined> {
    const row = await sql.get<Row>(
      `SELECT ${COLUMNS} FROM certificate_notice WHERE issuer = ? AND digest = ?`,
      issuer,
      digest,
    );
    return row && noticeOf(row);
  },

  /** Takes the place of the notice before. */
  async keep(tx: Transaction, notice: ReceivedNotice): Promise<void> {
    await tx.run(
      `INSERT INTO certificate_notice (issuer, digest, identifier, reference, status, ground, reason, authority,
         decided_at, conversation, envelope, is_expected, received_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (issuer, digest) DO UPDATE SET
         identifier = CASE excluded.identifier WHEN '' THEN certificate_notice.identifier ELSE excluded.identifier END,
         reference = CASE excluded.reference WHEN '' THEN certificate_notice.reference ELSE excluded.reference END,
         status = excluded.status, ground = excluded.ground, reason = excluded.reason, authority = excluded.authority,
         decided_at = excluded.decided_at, conversation = excluded.conversation, envelope = excluded.envelope,
         is_expected = excluded.is_expected, received_at = excluded.received_at`,
      notice.issuer,
      notice.digest,
      notice.identifier,
      notice.reference,
      notice.status,
      notice.ground,
      notice.reason,
      notice.authority,
      notice.decidedAt,
      notice.conversation,
      notice.envelope,
      notice.isExpected ? 1 : 0,
      notice.receivedAt,
    );
  },

  /** What any region told us under an identifier, or under the reference of a QR code. */
  async of(sql: Sql, subject: string): Promise<ReceivedNotice[]> {
    if (subject === '') return [];
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM certificate_notice WHERE identifier = ? OR reference = ?
       ORDER BY received_at, issuer LIMIT ${MAX_SHOWN}`,
      subject,
      subject,
    );
    return rows.map(noticeOf);
  },

  /** What a region told us under an identifier of what it decided at `since` (ms) or later, the latest first. */
  async under(sql: Sql, issuer: string, identifier: string, since: number): Promise<ReceivedNotice[]> {
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM certificate_notice
       WHERE issuer = ? AND identifier = ? AND identifier <> '' AND decided_at >= ?
       ORDER BY decided_at DESC LIMIT ${MAX_SHOWN}`,
      issuer,
      identifier,
      since,
    );
    return rows.map(noticeOf);
  },

  /** Whether a region told us, of what it decided at `since` (ms) or later, under an identifier or a reference. */
  async toldSince(sql: Sql, issuer: string, subject: string, since: number): Promise<boolean> {
    const row = await sql.get(
      `SELECT 1 FROM certificate_notice
       WHERE issuer = ? AND (identifier = ? OR reference = ?) AND decided_at >= ? LIMIT 1`,
      issuer,
      subject,
      subject,
      since,
    );
    return row !== undefined;
  },

  /** Notices of a region about certificates that we neither have nor asked about. */
  async unexpected(sql: Sql, issuer: string): Promise<number> {
    const row = await sql.get<{ n: number }>(
      'SELECT count(*) AS n FROM certificate_notice WHERE issuer = ? AND is_expected = 0',
      issuer,
    );
    return row!.n;
  },

  /** How many certificates of a region go by a name of one: there should be that one. */
  async named(
    sql: Sql,
    { issuer, identifier, reference }: Pick<ReceivedNotice, 'issuer' | 'identifier' | 'reference'>,
  ): Promise<number> {
    const row = await sql.get<{ n: number }>(
      `SELECT count(*) AS n FROM certificate_notice
       WHERE issuer = ? AND ((identifier = ? AND identifier <> '') OR (reference = ? AND reference <> ''))`,
      issuer,
      identifier,
      reference,
    );
    return row!.n;
  },
};

function noticeOf({ is_expected, ...row }: Row): ReceivedNotice {
  return { ...row, isExpected: is_expected === 1 };
}
