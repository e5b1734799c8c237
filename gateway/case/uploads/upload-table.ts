import type { Sql, Transaction } from '../../store/store.ts';

/** A file that a platform of ours brings in parts (分片上传). */
export interface UploadRow {
  readonly conversation: string;
  readonly digest: Buffer;
  /** As the item names the material. */
  readonly name: string;
  readonly grade: 'C' | 'D';
  readonly mediaType: string;
  /** Bytes of the whole. */
  readonly size: number;
  /** Whose quota it counts against. */
  readonly share: string;
  /** Milliseconds: then it is forgotten. */
  readonly expiresAt: number;
  /** When the file became one of the case; undefined before. */
  readonly doneAt: number | undefined;
}

interface Row {
  readonly conversation: string;
  readonly digest: Buffer;
  readonly name: string;
  readonly grade: 'C' | 'D';
  readonly media_type: string;
  readonly size: number;
  readonly share: string;
  readonly expires_at: number;
  readonly done_at: number | null;
}

/** What the database knows of uploads; their bytes are with the materials. */
export const uploadTable = {
  async find(sql: Sql, conversation: string, digest: Buffer, now: number): Promise<UploadRow | undefined> {
    const row = await sql.get<Row>(
      `SELECT conversation, digest, name, grade, media_type, size, share, expires_at, done_at FROM material_upload
       WHERE conversation = ? AND digest = ? AND expires_at > ?`,
      conversation,
      digest,
      now,
    );
    if (!row) return undefined;
    const { media_type: mediaType, expires_at: expiresAt, done_at, ...rest } = row;
    return { ...rest, mediaType, expiresAt, doneAt: done_at ?? undefined };
  },

  /**
   * Begins it; what was said of the same file before counts no more. One that is under way keeps its end and its share:
   * saying it again does not renew it.
   */
  async save(tx: Transaction, row: UploadRow): Promise<void> {
    const { conversation, digest, name, grade, mediaType, size, share, expiresAt } = row;
    await tx.run(
      `INSERT INTO material_upload (conversation, digest, name, grade, media_type, size, share, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, digest) DO UPDATE SET name = excluded.name, grade = excluded.grade,
         media_type = excluded.media_type, size = excluded.size, done_at = NULL,
         share = CASE WHEN material_upload.done_at IS NULL THEN material_upload.share ELSE excluded.share END,
         expires_at = CASE WHEN material_upload.done_at IS NULL THEN material_upload.expires_at ELSE excluded.expires_at END`,
      ...[conversation, digest, name, grade, mediaType, size, share, expiresAt],
    );
  },

  async extend(tx: Transaction, conversation: string, digest: Buffer, expiresAt: number): Promise<void> {
    await tx.run(
      'UPDATE material_upload SET expires_at = ? WHERE conversation = ? AND digest = ?',
      expiresAt,
      conversation,
      digest,
    );
  },

  async finish(tx: Transaction, conversation: string, digest: Buffer, doneAt: number): Promise<void> {
    await tx.run(
      'UPDATE material_upload SET done_at = ? WHERE conversation = ? AND digest = ?',
      doneAt,
      conversation,
      digest,
    );
  },

  async remove(tx: Transaction, conversation: string, digest: Buffer): Promise<void> {
    await tx.run('DELETE FROM material_upload WHERE conversation = ? AND digest = ?', conversation, digest);
  },

  async removeExpired(tx: Transaction, now: number): Promise<void> {
    await tx.run('DELETE FROM material_upload WHERE expires_at <= ?', now);
  },

  /** Uploads of a case under way, beside one file. */
  async countBeside(sql: Sql, conversation: string, digest: Buffer): Promise<number> {
    const row = await sql.get<{ n: number }>(
      'SELECT count(*) AS n FROM material_upload WHERE conversation = ? AND digest <> ? AND done_at IS NULL',
      conversation,
      digest,
    );
    return row!.n;
  },

  /** Uploads of one share under way, beside one file. */
  async countOfShare(sql: Sql, { share, conversation, digest }: UploadRow): Promise<number> {
    const row = await sql.get<{ n: number }>(
      `SELECT count(*) AS n FROM material_upload
       WHERE share = ? AND done_at IS NULL AND NOT (conversation = ? AND digest = ?)`,
      share,
      conversation,
      digest,
    );
    return row!.n;
  },
};
