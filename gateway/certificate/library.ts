import { CodedError } from '#proto';
import type { StatusReference, StatusWord } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { holders } from './library-holders.ts';
import {
  CERTIFICATE_COLUMNS,
  type CertificateRecord,
  type CertificateRow,
  type KeptCertificate,
  recordOf,
  viewOf,
} from './library-rows.ts';
import type { ReceivedNotice } from './notice/received-table.ts';
import type { Ground } from './notice/words.ts';

export type { CertificateRecord } from './library-rows.ts';

/** A change of the status of a certificate of ours. */
export interface StatusChange {
  readonly from: StatusWord;
  readonly to: StatusWord;
  readonly ground: Ground;
  readonly reason: string;
  /** Subject of the token of whoever decided. */
  readonly by: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Which certificate it is. */
export type HeldCertificate = Pick<CertificateRecord, 'issuer' | 'identifier' | 'digest'>;

const KEY = 'identifier = ? AND issuer = ?';

/**
 * The rows of the certificate library (证照库). Its key includes the issuer: a region cannot take an identifier away
 * from another by putting it on a certificate of its own.
 */
export const library = {
  /** @returns false when the issuer's certificate with this identifier is there already */
  async insert(tx: Transaction, { conversation, text, verified }: KeptCertificate, now: number): Promise<boolean> {
    const { certificate } = verified;
    const row = rowOf(verified.identifier, verified.issuer);
    const changed = await tx.run(
      `INSERT INTO certificate
         (identifier, issuer, conversation, digest, type_code, number, document, text, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identifier, issuer) DO NOTHING`,
      verified.identifier,
      verified.issuer,
      conversation,
      verified.digest,
      certificate.typeCode,
      certificate.number,
      tx.vault.sealText('certificate.document', row, JSON.stringify(certificate)),
      tx.vault.sealText('certificate.text', row, text),
      now,
      now,
    );
    if (changed === 0) return false;
    await holders.insert(tx, verified, certificate);
    return true;
  },

  async find(sql: Sql, identifier: string, issuer: string, now: number): Promise<CertificateRecord | undefined> {
    const row = await sql.get<CertificateRow>(
      `SELECT ${CERTIFICATE_COLUMNS} FROM certificate WHERE ${KEY}`,
      identifier,
      issuer,
    );
    return row && recordOf(sql, row, now);
  },

  /** Finds a certificate whoever issued it; of several the one of the `preferred` issuer, else the first that came. */
  async findAny(
    sql: Sql,
    identifier: string,
    preferred: string,
    now: number,
  ): Promise<(CertificateRecord & { readonly text: string }) | undefined> {
    const row = await sql.get<CertificateRow & { readonly text: string }>(
      `SELECT ${CERTIFICATE_COLUMNS}, text FROM certificate WHERE identifier = ? ORDER BY issuer = ? DESC, created_at, issuer LIMIT 1`,
      identifier,
      preferred,
    );
    return row && { ...recordOf(sql, row, now), text: textOf(sql, row.identifier, row.issuer, row.text) };
  },

  /** The text of a certificate that is there. */
  async text(sql: Sql, identifier: string, issuer: string): Promise<string> {
    const row = await sql.get<{ text: string }>(`SELECT text FROM certificate WHERE ${KEY}`, identifier, issuer);
    return textOf(sql, identifier, issuer, row!.text);
  },

  /**
   * What the issuer decided last.
   *
   * @throws CodedError NOT_FOUND
   */
  async decided(
    sql: Sql,
    identifier: string,
    issuer: string,
  ): Promise<{ readonly status: StatusWord; readonly statusList: StatusReference | undefined }> {
    const row = await sql.get<{ status: StatusWord; document: string }>(
      `SELECT status, document FROM certificate WHERE ${KEY}`,
      identifier,
      issuer,
    );
    if (!row) throw new CodedError('NOT_FOUND', 'this region issued no certificate with this identifier');
    return { status: row.status, statusList: viewOf(sql, { identifier, issuer, document: row.document }).statusList };
  },

  /** Writes down what the issuer decided about a certificate of ours. @returns position of the change */
  async decide(
    tx: Transaction,
    key: { readonly identifier: string; readonly issuer: string },
    { from, to, ground, reason, by, at }: StatusChange,
  ): Promise<number> {
    await tx.run(
      `UPDATE certificate SET status = ?, reason = ?, updated_at = ? WHERE ${KEY}`,
      to,
      reason,
      at,
      key.identifier,
      key.issuer,
    );
    const row = await tx.get<{ position: number }>(
      `INSERT INTO certificate_status_change (identifier, old_status, new_status, ground, reason, done_by, at)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING position`,
      key.identifier,
      from,
      to,
      ground,
      reason,
      by,
      at,
    );
    return row!.position;
  },

  /** When the status of a certificate of ours changed last, milliseconds; 0 when it never did. */
  async lastChange(sql: Sql, identifier: string): Promise<number> {
    const row = await sql.get<{ at: number }>(
      'SELECT coalesce(max(at), 0) AS at FROM certificate_status_change WHERE identifier = ?',
      identifier,
    );
    return row!.at;
  },

  /** The certificates with an identifier or a digest, whoever issued them. */
  holding(
    sql: Sql,
    { identifier, digest }: { readonly identifier: string; readonly digest: Buffer },
  ): Promise<HeldCertificate[]> {
    return sql.all<HeldCertificate & Record<string, never>>(
      'SELECT issuer, identifier, digest FROM certificate WHERE identifier = ? OR digest = ? ORDER BY issuer LIMIT 100',
      identifier,
      digest,
    );
  },

  /** Writes down what its issuer told us of a certificate of another region. @returns how it stood before */
  async noticed(
    tx: Transaction,
    notice: Pick<ReceivedNotice, 'issuer' | 'digest' | 'status' | 'reason' | 'decidedAt' | 'receivedAt'>,
  ): Promise<{ readonly identifier: string; readonly from: StatusWord } | undefined> {
    const row = await tx.get<{ identifier: string; from: StatusWord }>(
      'SELECT identifier, status AS "from" FROM certificate WHERE issuer = ? AND digest = ?',
      notice.issuer,
      notice.digest,
    );
    if (!row) return undefined;
    await tx.run(
      `UPDATE certificate SET status = ?, reason = ?, noticed_at = ?, updated_at = ? WHERE ${KEY}`,
      notice.status,
      notice.reason,
      notice.decidedAt,
      notice.receivedAt,
      row.identifier,
      notice.issuer,
    );
    return row;
  },

  /** What was decided about a certificate of ours, oldest first. */
  changes(sql: Sql, identifier: string): Promise<StatusChange[]> {
    return sql.all<StatusChange & Record<string, never>>(
      `SELECT old_status AS "from", new_status AS "to", ground, reason, done_by AS "by", at
       FROM certificate_status_change WHERE identifier = ? ORDER BY position`,
      identifier,
    );
  },

  /** Next number of a certificate in a year, from 1. */
  async nextNumber(tx: Transaction, year: string): Promise<number> {
    const row = await tx.get<{ value: number }>(
      'INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value',
      `certificate/${year}`,
    );
    return row!.value;
  },
};

function textOf({ vault }: Sql, identifier: string, issuer: string, stored: string): string {
  return vault.openText('certificate.text', rowOf(identifier, issuer), stored);
}
