import type { ArchivedEvidence } from '#trust';
import type { Reader, Sql, Transaction } from '../store/store.ts';

/** A closed volume (归档卷), as the database knows it. */
export interface Volume {
  readonly number: number;
  /** SHA-256 of its file. */
  readonly digest: Buffer;
  /** SHA-256 of the file of the volume before; empty for the first. */
  readonly previous: Buffer;
  readonly entries: number;
  /** Bytes of its file. */
  readonly size: number;
  /** Milliseconds. */
  readonly closedAt: number;
  /** Where the evidence log says so. */
  readonly logPosition: number;
}

/** A case or a check whose evidence is to be archived. */
export interface DueEvidence {
  readonly kind: ArchivedEvidence['kind'];
  readonly id: string;
  readonly peer: string;
}

const COLUMNS = `number, digest, previous, entries, size, closed_at AS "closedAt", log_position AS "logPosition"`;

/** Volumes, and what is in them. */
export const archiveTable = {
  /** Volumes before a number, newest first. */
  volumes(sql: Sql, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Volume[]> {
    return sql.all<Volume>(
      `SELECT ${COLUMNS} FROM archive_volume WHERE number < ? ORDER BY number DESC LIMIT ?`,
      before,
      limit,
    );
  },

  async last(sql: Sql): Promise<Volume | undefined> {
    const [volume] = await this.volumes(sql, 1);
    return volume;
  },

  async find(sql: Sql, number: number): Promise<Volume | undefined> {
    return sql.get<Volume>(`SELECT ${COLUMNS} FROM archive_volume WHERE number = ?`, number);
  },

  /** Cases that ended and checks that were made before a moment (ms) and that no volume has; the oldest first. */
  async due(sql: Sql, before: number, limit: number): Promise<DueEvidence[]> {
    const cases = await sql.all<{ id: string; peer: string }>(
      `SELECT conversation AS id, peer FROM case_file WHERE ended_at <= ? AND ended_at IS NOT NULL AND archived_in IS NULL
       ORDER BY ended_at, conversation LIMIT ?`,
      before,
      limit,
    );
    const checks = await sql.all<{ id: string; peer: string }>(
      'SELECT id, peer FROM certificate_check WHERE at <= ? AND archived_in IS NULL ORDER BY at LIMIT ?',
      before,
      limit - cases.length,
    );
    return [
      ...cases.map(({ id, peer }) => ({ kind: 'case' as const, id, peer })),
      ...checks.map(({ id, peer }) => ({ kind: 'check' as const, id, peer })),
    ];
  },

  async add(tx: Transaction, volume: Volume): Promise<void> {
    await tx.run(
      `INSERT INTO archive_volume (number, digest, previous, entries, size, closed_at, log_position)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      volume.number,
      volume.digest,
      volume.previous,
      volume.entries,
      volume.size,
      volume.closedAt,
      volume.logPosition,
    );
  },

  /** A volume has the evidence of a case. @param envelopes of how many envelopes */
  async keepCase(tx: Transaction, conversation: string, volume: number, envelopes: number): Promise<void> {
    await tx.run(
      'UPDATE case_file SET archived_in = ?, archived_envelopes = ? WHERE conversation = ?',
      volume,
      envelopes,
      conversation,
    );
  },

  /** The evidence of a case is too large for a volume: it stays in the database, and nobody tries again. */
  async leaveOut(tx: Transaction, conversation: string): Promise<void> {
    await tx.run('UPDATE case_file SET archived_in = -1 WHERE conversation = ?', conversation);
  },

  async keepCheck(tx: Transaction, id: string, peer: string, volume: number): Promise<void> {
    await tx.run('UPDATE certificate_check SET archived_in = ? WHERE id = ? AND peer = ?', volume, id, peer);
  },

  /** The volume that has the envelopes of a case that are no longer here; undefined while all of them are. */
  async purgedInto(sql: Sql, conversation: string): Promise<number | undefined> {
    const row = await sql.get<{ purged_into: number }>(
      'SELECT purged_into FROM case_file WHERE conversation = ? AND purged_into IS NOT NULL',
      conversation,
    );
    return row?.purged_into;
  },

  /** Volumes on which the evidence of purged cases and checks depends, in order. */
  async neededVolumes(read: Reader): Promise<number[]> {
    const ofCases = await read.all<{ number: number }>(
      'SELECT DISTINCT purged_into AS number FROM case_file WHERE purged_into IS NOT NULL',
    );
    // A database that an older program left says no more than that some were removed.
    const ofChecks = (await read.hasTable('archive_of_checks'))
      ? await read.all<{ number: number }>('SELECT number FROM archive_of_checks')
      : await read.all<{ number: number }>(
          `SELECT number FROM archive_volume WHERE EXISTS (SELECT 1 FROM counter WHERE name = 'checks/purged-before')`,
        );
    return [...new Set([...ofCases, ...ofChecks].map(({ number }) => number))].toSorted((a, b) => a - b);
  },
};
