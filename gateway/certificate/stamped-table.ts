import type { Sql, Transaction } from '../store/store.ts';

/** That a stamped copy (加注件) of a certificate of ours was made. Times in milliseconds. */
export interface StampRecord {
  /** SHA-256 of the issuer-signed JWT of the copy. */
  readonly digest: Buffer;
  readonly creator: string;
  readonly cause: string;
  readonly expiresAt: number;
  /** Subject of the token of whoever asked for it. */
  readonly by: string;
  readonly at: number;
}

/** Copies of one certificate that are listed, the newest ones. */
const LISTED = 200;

/** The rows of stamped copies: what was made, never the copy itself. */
export const stampRecords = {
  async insert(tx: Transaction, identifier: string, record: StampRecord): Promise<void> {
    await tx.run(
      `INSERT INTO stamped_copy (identifier, digest, creator, cause, expires_at, done_by, at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      identifier,
      record.digest,
      record.creator,
      record.cause,
      record.expiresAt,
      record.by,
      record.at,
    );
  },

  /** Newest first. */
  list(sql: Sql, identifier: string): Promise<StampRecord[]> {
    return sql.all<StampRecord & Record<string, never>>(
      `SELECT digest, creator, cause, expires_at AS "expiresAt", done_by AS "by", at
       FROM stamped_copy WHERE identifier = ? ORDER BY position DESC LIMIT ${LISTED}`,
      identifier,
    );
  },
};
