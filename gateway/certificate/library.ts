import { CodedError } from '#proto';
import type { CertificateView, StatusReference, StatusWord, VerifiedCertificate } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';
import { type CertificateStatus, statusAt } from './standing.ts';

/** A certificate that we keep. Times in milliseconds. */
export interface CertificateRecord {
  readonly identifier: string;
  /** Region whose key signed. */
  readonly issuer: string;
  /** Conversation of the case that produced it; empty when there was none. */
  readonly conversation: string;
  /** SHA-256 of the issuer-signed JWT. */
  readonly digest: Buffer;
  /** Now. For certificates of other regions only the dates count: their issuer must be asked. */
  readonly status: CertificateStatus;
  /** Why the issuer changed the status last. */
  readonly reason: string;
  readonly certificate: CertificateView;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A certificate to be kept, with the case that produced it. */
export interface KeptCertificate {
  readonly conversation: string;
  readonly text: string;
  readonly verified: VerifiedCertificate;
}

/** A change of the status of a certificate of ours. */
export interface StatusChange {
  readonly from: StatusWord;
  readonly to: StatusWord;
  readonly reason: string;
  /** Subject of the token of whoever decided. */
  readonly by: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Which certificates of the library to list. */
export interface LibraryQuery {
  readonly conversation?: string | undefined;
  readonly limit: number;
  /** Creation time, identifier and issuer of the last one of the page before. */
  readonly after?: readonly [createdAt: number, identifier: string, issuer: string] | undefined;
}

interface Row {
  readonly identifier: string;
  readonly issuer: string;
  readonly conversation: string;
  readonly digest: Buffer;
  readonly status: StatusWord;
  readonly reason: string;
  readonly document: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = 'identifier, issuer, conversation, digest, status, reason, document, created_at, updated_at';
const KEY = 'identifier = ? AND issuer = ?';

/**
 * The rows of the certificate library (证照库). Its key includes the issuer: a region cannot take an identifier away
 * from another by putting it on a certificate of its own.
 */
export const library = {
  /** @returns false when the issuer's certificate with this identifier is there already */
  async insert(tx: Transaction, { conversation, text, verified }: KeptCertificate, now: number): Promise<boolean> {
    const changed = await tx.run(
      `INSERT INTO certificate (identifier, issuer, conversation, digest, document, text, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identifier, issuer) DO NOTHING`,
      verified.identifier,
      verified.issuer,
      conversation,
      verified.digest,
      JSON.stringify(verified.certificate),
      text,
      now,
      now,
    );
    return changed === 1;
  },

  async find(sql: Sql, identifier: string, issuer: string, now: number): Promise<CertificateRecord | undefined> {
    const row = await sql.get<Row>(`SELECT ${COLUMNS} FROM certificate WHERE ${KEY}`, identifier, issuer);
    return row && recordOf(row, now);
  },

  /** Finds a certificate whoever issued it; of several the one of the `preferred` issuer, else the first that came. */
  async findAny(
    sql: Sql,
    identifier: string,
    preferred: string,
    now: number,
  ): Promise<(CertificateRecord & { readonly text: string }) | undefined> {
    const row = await sql.get<Row & { readonly text: string }>(
      `SELECT ${COLUMNS}, text FROM certificate WHERE identifier = ? ORDER BY issuer = ? DESC, created_at, issuer LIMIT 1`,
      identifier,
      preferred,
    );
    return row && { ...recordOf(row, now), text: row.text };
  },

  /** Oldest first. */
  async list(sql: Sql, { conversation, limit, after }: LibraryQuery, now: number): Promise<CertificateRecord[]> {
    const [createdAt, identifier, issuer] = after ?? [-1, '', ''];
    const rows = await sql.all<Row>(
      `SELECT ${COLUMNS} FROM certificate
       WHERE ${conversation === undefined ? '' : 'conversation = ? AND '}(created_at, identifier, issuer) > (?, ?, ?)
       ORDER BY created_at, identifier, issuer LIMIT ?`,
      ...(conversation === undefined ? [] : [conversation]),
      createdAt,
      identifier,
      issuer,
      limit,
    );
    return rows.map((row) => recordOf(row, now));
  },

  /**
   * What the issuer decided last.
   *
   * @throws CodedError NOT_FOUND
   */
  async decided(
    tx: Transaction,
    identifier: string,
    issuer: string,
  ): Promise<{ readonly status: StatusWord; readonly statusList: StatusReference | undefined }> {
    const row = await tx.get<{ status: StatusWord; document: string }>(
      `SELECT status, document FROM certificate WHERE ${KEY}`,
      identifier,
      issuer,
    );
    if (!row) throw new CodedError('NOT_FOUND', 'this region issued no certificate with this identifier');
    return { status: row.status, statusList: (JSON.parse(row.document) as CertificateView).statusList };
  },

  /** Writes down what the issuer decided about a certificate of ours. */
  async decide(
    tx: Transaction,
    key: { readonly identifier: string; readonly issuer: string },
    { from, to, reason, by, at }: StatusChange,
  ): Promise<void> {
    await tx.run(
      `UPDATE certificate SET status = ?, reason = ?, updated_at = ? WHERE ${KEY}`,
      to,
      reason,
      at,
      key.identifier,
      key.issuer,
    );
    await tx.run(
      `INSERT INTO certificate_status_change (identifier, old_status, new_status, reason, done_by, at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      key.identifier,
      from,
      to,
      reason,
      by,
      at,
    );
  },

  /** What was decided about a certificate of ours, oldest first. */
  changes(sql: Sql, identifier: string): Promise<StatusChange[]> {
    return sql.all<StatusChange & Record<string, never>>(
      `SELECT old_status AS "from", new_status AS "to", reason, done_by AS "by", at
       FROM certificate_status_change WHERE identifier = ? ORDER BY position`,
      identifier,
    );
  },

  /** Next number of a certificate in a year, from 1. */
  async nextNumber(tx: Transaction, year: string): Promise<number> {
    const row = await tx.get<{ value: number }>(
      'INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value',
      `certificate/${year}`,
    );
    return row!.value;
  },
};

function recordOf(row: Row, now: number): CertificateRecord {
  const certificate = JSON.parse(row.document) as CertificateView;
  return {
    identifier: row.identifier,
    issuer: row.issuer,
    conversation: row.conversation,
    digest: row.digest,
    status: statusAt(row.status, certificate, now),
    reason: row.reason,
    certificate,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
