import type { Sql, Transaction } from '../store/store.ts';

/** The newest copy of a status list of another region. Times in milliseconds. */
export interface StatusCopy {
  readonly uri: string;
  readonly issuer: string;
  /** How its server names this version; empty when it does not. */
  readonly etag: string;
  readonly issuedAt: number;
  /** When its server last said that this is the newest. */
  readonly fetchedAt: number;
  readonly list: string;
}

/** Copies that are kept; beyond it the one goes that was asked for longest ago. */
const MAX_COPIES = 500;

/** The rows of the copies. */
export const statusCopies = {
  find(sql: Sql, { issuer, uri }: Pick<StatusCopy, 'issuer' | 'uri'>): Promise<StatusCopy | undefined> {
    return sql.get<StatusCopy & Record<string, never>>(
      `SELECT uri, issuer, etag, issued_at AS "issuedAt", fetched_at AS "fetchedAt", list
       FROM status_list_copy WHERE issuer = ? AND uri = ?`,
      issuer,
      uri,
    );
  },

  /** Takes the place of the copy before. */
  async keep(tx: Transaction, { uri, issuer, etag, issuedAt, fetchedAt, list }: StatusCopy): Promise<void> {
    await tx.run(
      `INSERT INTO status_list_copy (uri, issuer, etag, issued_at, fetched_at, list) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (issuer, uri) DO UPDATE SET etag = excluded.etag, issued_at = excluded.issued_at,
         fetched_at = excluded.fetched_at, list = excluded.list`,
      uri,
      issuer,
      etag,
      issuedAt,
      fetchedAt,
      list,
    );
    await tx.run(
      `DELETE FROM status_list_copy WHERE (issuer, uri) IN
         (SELECT issuer, uri FROM status_list_copy ORDER BY fetched_at DESC LIMIT 100 OFFSET ${MAX_COPIES})`,
    );
  },
};
