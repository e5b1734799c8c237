import type { Sql, Transaction } from '../store/store.ts';
import type { AdministratorRole } from './administrator.ts';
import type { TotpAlgorithm } from './totp.ts';

/** Milliseconds everywhere. */
export interface AdministratorRow {
  readonly subject: string;
  readonly role: AdministratorRole;
  readonly algorithm: TotpAlgorithm;
  /** Sealed; empty for somebody who has no codes. */
  readonly secret: Buffer;
  /** SHA-256 of his client certificate. */
  readonly certificate: Buffer | null;
  readonly enrolled_at: number;
  readonly enrolled_by: string;
  /** Null until the first code was right. */
  readonly confirmed_at: number | null;
  readonly last_step: number;
  readonly failures: number;
  readonly locked_until: number;
}

/** A session. Milliseconds. */
export interface SessionRow {
  /** SHA-256 of its token. */
  readonly id: Buffer;
  readonly subject: string;
  /** SHA-256 of the client certificate without which its token is worth nothing; null for one that a code opened. */
  readonly certificate: Buffer | null;
  readonly opened_at: number;
  readonly expires_at: number;
}

const COLUMNS = `a.subject, a.role, a.algorithm, a.secret, a.certificate, a.enrolled_at, a.enrolled_by, a.confirmed_at, a.last_step,
  a.failures, a.locked_until`;

/** Who administers, and their sessions. */
export const administratorTable = {
  all(sql: Sql): Promise<AdministratorRow[]> {
    return sql.all<AdministratorRow>(`SELECT ${COLUMNS} FROM administrator a ORDER BY a.subject`);
  },

  find(sql: Sql, subject: string): Promise<AdministratorRow | undefined> {
    return sql.get<AdministratorRow>(`SELECT ${COLUMNS} FROM administrator a WHERE a.subject = ?`, subject);
  },

  async add(
    tx: Transaction,
    row: Omit<AdministratorRow, 'confirmed_at' | 'last_step' | 'failures' | 'locked_until'>,
  ): Promise<void> {
    await tx.run(
      `INSERT INTO administrator (subject, role, algorithm, secret, certificate, enrolled_at, enrolled_by)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      row.subject,
      row.role,
      row.algorithm,
      row.secret,
      row.certificate,
      row.enrolled_at,
      row.enrolled_by,
    );
  },

  /** With every session. @returns whether there was one */
  async remove(tx: Transaction, subject: string): Promise<boolean> {
    await tx.run('DELETE FROM administrator_session WHERE subject = ?', subject);
    return (await tx.run('DELETE FROM administrator WHERE subject = ?', subject)) > 0;
  },

  /** A right code: it counts no more, and what was wrong before is forgotten. */
  async succeeded(tx: Transaction, subject: string, step: number, now: number): Promise<void> {
    await tx.run(
      `UPDATE administrator SET last_step = ?, failures = 0, locked_until = 0, confirmed_at = coalesce(confirmed_at, ?)
       WHERE subject = ?`,
      step,
      now,
      subject,
    );
  },

  /** He came with his certificate: that says nothing about codes. */
  async shown(tx: Transaction, subject: string, now: number): Promise<void> {
    await tx.run('UPDATE administrator SET confirmed_at = coalesce(confirmed_at, ?) WHERE subject = ?', now, subject);
  },

  async failed(tx: Transaction, subject: string, failures: number, lockedUntil: number): Promise<void> {
    await tx.run(
      'UPDATE administrator SET failures = ?, locked_until = ? WHERE subject = ?',
      failures,
      lockedUntil,
      subject,
    );
  },

  /** Opens a session, in place of what ended and of what the subject had. */
  async openSession(tx: Transaction, session: SessionRow): Promise<void> {
    const { id, subject, certificate, opened_at, expires_at } = session;
    await tx.run('DELETE FROM administrator_session WHERE expires_at <= ? OR subject = ?', opened_at, subject);
    await tx.run(
      'INSERT INTO administrator_session (id, subject, certificate, opened_at, expires_at) VALUES (?, ?, ?, ?, ?)',
      id,
      subject,
      certificate,
      opened_at,
      expires_at,
    );
  },

  async endSession(tx: Transaction, id: Buffer): Promise<boolean> {
    return (await tx.run('DELETE FROM administrator_session WHERE id = ?', id)) > 0;
  },

  /** A session while it lasts, and the role of whose it is. */
  session(sql: Sql, id: Buffer, now: number): Promise<(SessionRow & { role: AdministratorRole }) | undefined> {
    return sql.get<SessionRow & { role: AdministratorRole }>(
      `SELECT s.id, s.subject, s.certificate, s.opened_at, s.expires_at, a.role
       FROM administrator_session s JOIN administrator a ON a.subject = s.subject WHERE s.id = ? AND s.expires_at > ?`,
      id,
      now,
    );
  },
};
