import type { Sql, Transaction } from '../store/store.ts';
import type { AuditRecord } from './audit-record.ts';

export interface AuditRow {
  readonly position: number;
  readonly record: string;
  readonly log_position: number;
}

/** What is looked for; everything that is not given counts. */
export interface AuditFilter {
  /** Milliseconds, included. */
  readonly since?: number;
  /** Milliseconds, not included. */
  readonly until?: number;
  /** Pseudonym. */
  readonly actor?: string;
  readonly route?: string;
}

/** Where what was done is kept. */
export const auditTable = {
  async begin(tx: Transaction, id: string, at: number, record: string): Promise<void> {
    await tx.run('INSERT INTO audit_begun (id, at, record) VALUES (?, ?, ?)', id, at, record);
  },

  /** @returns whether it had begun and not ended */
  async end(tx: Transaction, id: string): Promise<boolean> {
    return (await tx.run('DELETE FROM audit_begun WHERE id = ?', id)) > 0;
  },

  begunBefore(sql: Sql, before: number, limit: number): Promise<{ id: string; record: string }[]> {
    return sql.all('SELECT id, record FROM audit_begun WHERE at < ? ORDER BY at LIMIT ?', before, limit);
  },

  async add(tx: Transaction, { at, route, actor }: AuditRecord, record: string, logPosition: number): Promise<void> {
    await tx.run(
      'INSERT INTO audit_entry (at, route, actor, record, log_position) VALUES (?, ?, ?, ?, ?)',
      at,
      route,
      actor,
      record,
      logPosition,
    );
  },

  /** Newest first. @param before position to begin below */
  list(sql: Sql, filter: AuditFilter, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<AuditRow[]> {
    const { where, values } = conditions(filter);
    return sql.all<AuditRow>(
      `SELECT position, record, log_position FROM audit_entry WHERE ${where} position < ? ORDER BY position DESC LIMIT ?`,
      ...values,
      before,
      limit,
    );
  },

  /** Oldest first. @param after position to begin behind */
  after(sql: Sql, filter: AuditFilter, after: number, limit: number): Promise<AuditRow[]> {
    const { where, values } = conditions(filter);
    return sql.all<AuditRow>(
      `SELECT position, record, log_position FROM audit_entry WHERE ${where} position > ? ORDER BY position LIMIT ?`,
      ...values,
      after,
      limit,
    );
  },

  /** Removes the oldest ones that are old enough. @returns how many */
  async removeBefore(tx: Transaction, before: number, upTo: number, limit: number): Promise<number> {
    return tx.run(
      `DELETE FROM audit_entry WHERE position IN
         (SELECT position FROM audit_entry WHERE at < ? AND position <= ? ORDER BY position LIMIT ?)`,
      before,
      upTo,
      limit,
    );
  },
};

function conditions(filter: AuditFilter): { where: string; values: (string | number)[] } {
  const parts: [string, string | number | undefined][] = [
    ['at >= ?', filter.since],
    ['at < ?', filter.until],
    ['actor = ?', filter.actor],
    ['route = ?', filter.route],
  ];
  const given = parts.filter((part): part is [string, string | number] => part[1] !== undefined);
  return { where: given.map(([text]) => `${text} AND`).join(' '), values: given.map(([, value]) => value) };
}
