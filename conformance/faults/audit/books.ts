import { readStatement, type Statement } from '../../reference/documents.ts';
import type { Tables } from './tables.ts';
import type { AuditedRegion } from './task.ts';

/** An envelope in the outbox or in the inbox of a region. */
export interface EnvelopeRow {
  /** The other region. */
  readonly peer: string;
  readonly id: string;
  readonly conversation: string;
  readonly sequence: number;
  readonly header: Buffer;
  readonly leaf: Buffer;
  /** Of the outbox; in the inbox always 'accepted' or 'rejected'. */
  readonly state: string;
  readonly code: string;
  readonly receipt: Buffer | null;
  readonly group: number | null;
  readonly group_index: number | null;
  readonly receipt_group: number | null;
  readonly receipt_group_index: number | null;
  /** Position of the entry about the envelope (outbox) or about the verdict (inbox). */
  readonly log_position: number;
  readonly receipt_log_position: number | null;
  /** Of the outbox: its gateway began it by itself after everything had settled, and was ended before it could go on. */
  readonly isLate: boolean;
}

/** Milliseconds that an envelope may take from its own time until it is written down. */
const COMMIT_MS = 5_000;

export interface SealedGroup {
  readonly id: number;
  readonly signed_root: string;
  /** Leaf hashes one after the other. */
  readonly leaves: Buffer;
}

/** What one region wrote down. */
export interface Books {
  readonly region: string;
  readonly folder: string;
  readonly statement: Statement;
  readonly tables: Tables;
  readonly outbox: readonly EnvelopeRow[];
  readonly inbox: readonly EnvelopeRow[];
  readonly groups: ReadonlyMap<number, SealedGroup>;
}

const COMMON = `id, conversation, sequence, header, leaf, code, receipt, group_id AS "group", group_index,
  receipt_group_id AS receipt_group, receipt_group_index, log_position`;

/** @param settledAt milliseconds: nothing waited then */
export async function readBooks(
  { region, folder, statement }: AuditedRegion,
  tables: Tables,
  settledAt: number,
): Promise<Books> {
  const outbox = await tables.all<Omit<EnvelopeRow, 'isLate'> & { created_at: number }>(
    `SELECT peer, ${COMMON}, state, receipt_log_position, created_at FROM outbox ORDER BY position`,
  );
  const inbox = await tables.all<Omit<EnvelopeRow, 'isLate'>>(
    `SELECT sender AS peer, ${COMMON}, CASE WHEN code = '' THEN 'accepted' ELSE 'rejected' END AS state,
       NULL AS receipt_log_position FROM inbox ORDER BY position`,
  );
  const groups = await tables.all<SealedGroup>('SELECT id, signed_root, leaves FROM sealed_group');
  return {
    region,
    folder,
    statement: readStatement(statement),
    tables,
    outbox: outbox.map((row) => ({
      ...row,
      isLate: row.state === 'pending' && row.created_at > settledAt - COMMIT_MS,
    })),
    inbox: inbox.map((row) => ({ ...row, isLate: false })),
    groups: new Map(groups.map((group) => [group.id, group])),
  };
}
