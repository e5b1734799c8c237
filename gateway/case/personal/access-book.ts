import type { Sql, Store } from '../../store/store.ts';

/** What was shown. */
export const ACCESS_KINDS = [
  'case',
  'search',
  'history',
  'material',
  'copy',
  'paper',
  'certificate',
  'certificate-pdf',
  'evidence',
  'inquiry',
] as const;

/** A look into personal data (查阅个人信息). */
export interface PersonalAccess {
  /** Milliseconds. */
  readonly at: number;
  /** Subject of the token. */
  readonly by: string;
  readonly role: string;
  /** Conversation of the case; empty for a certificate without one, and for a search. */
  readonly conversation: string;
  readonly what: (typeof ACCESS_KINDS)[number];
  /** Digest of the material, identifier of the certificate, whom a search was for (masked); empty for the case itself. */
  readonly subject: string;
  /** 用途 */
  readonly purpose: string;
}

export interface RecordedAccess extends PersonalAccess {
  readonly position: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** The record of who was shown personal data, and why (查阅留痕). Nothing is ever removed from it. */
export const accessBook = {
  /**
   * Writes a look down; durable when it returns.
   *
   * @param isStanding the purpose is that of the token: it is written down once a day for the same thing
   */
  async record(store: Store, access: PersonalAccess, isStanding: boolean): Promise<void> {
    const { at, by, role, conversation, what, subject, purpose } = access;
    const day = isStanding ? Math.floor((at + CHINA_OFFSET_MS) / DAY_MS) : null;
    if (day !== null && (await isRecorded(store.read, access, day))) return;
    await store.write((tx) =>
      tx.run(
        `INSERT INTO personal_access (at, done_by, role, conversation, what, subject, purpose, day)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        at,
        by,
        role,
        conversation,
        what,
        subject,
        purpose,
        day,
      ),
    );
  },

  /** Newest first. @param conversation of one case; undefined for all @param before position to begin below */
  list(
    sql: Sql,
    limit: number,
    conversation: string | undefined,
    before = Number.MAX_SAFE_INTEGER,
  ): Promise<RecordedAccess[]> {
    const [where, values] = conversation === undefined ? ['', []] : ['conversation = ? AND', [conversation]];
    return sql.all<RecordedAccess & Record<string, never>>(
      `SELECT position, at, done_by AS "by", role, conversation, what, subject, purpose
       FROM personal_access WHERE ${where} position < ? ORDER BY position DESC LIMIT ?`,
      ...values,
      before,
      limit,
    );
  },
};

async function isRecorded(
  sql: Sql,
  { conversation, what, subject, by, role, purpose }: PersonalAccess,
  day: number,
): Promise<boolean> {
  const known = await sql.get(
    `SELECT 1 FROM personal_access WHERE conversation = ? AND what = ? AND subject = ? AND done_by = ? AND role = ?
       AND purpose = ? AND day = ?`,
    conversation,
    what,
    subject,
    by,
    role,
    purpose,
    day,
  );
  return known !== undefined;
}
