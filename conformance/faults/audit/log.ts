import { stateOf } from '../../reference/documents.ts';
import { HASHES } from '../../reference/signed.ts';
import { leafOf, logLeaf, Refused, readLogEntry, treeRoot } from '../../reference/wire.ts';
import type { Books } from './books.ts';
import type { Findings } from './findings.ts';

/** Kinds of log entries (proto/README.md). */
const KIND = { sent: 1, verdict: 2, received: 3 } as const;

interface EntryRow {
  readonly position: number;
  readonly entry: Buffer;
  readonly leaf: Buffer;
}

interface Expected {
  readonly kind: number;
  readonly subject: Buffer;
  readonly peer: string;
  readonly where: string;
}

/**
 * Recomputes the evidence log of a region: its entries have the root that was signed, and answer one to one to the envelopes
 * and receipts of the books.
 */
export async function auditLog(books: Books, peer: Books, findings: Findings): Promise<void> {
  const { region, tables, statement } = books;
  const found = (where: string, message: string) => findings.add('log', `${region} ${where}`, message);
  const entries = await tables.all<EntryRow>('SELECT position, entry, leaf FROM log_entry ORDER BY position');
  const [state] = await tables.all<{ size: number; checkpoint: string }>('SELECT size, checkpoint FROM log_state');
  try {
    if (!state) throw new Refused('CHECKPOINT_INVALID', 'there is no checkpoint');
    const { size, root, H } = stateOf(state.checkpoint, statement);
    if (size !== entries.length) found('log_state', `${size} leaves are signed, there are ${entries.length} entries`);
    const leaves = entries.map(({ entry }) => logLeaf(H, entry));
    if (!treeRoot(H, leaves.slice(0, size)).equals(root)) found('log_state', 'the entries have another root');
    for (const [index, { leaf, position }] of entries.entries())
      if (!leaf.equals(leaves[index]!)) found(`log_entry/${position}`, 'the leaf is not that of the entry');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found('log_state', `${error.code}: ${error.message}`);
  }
  demandRecords(entries, recordsOf(books, peer), found);
}

/** What must be in the log, by its position. */
function recordsOf(books: Books, peer: Books): Map<number, Expected> {
  const records = new Map<number, Expected>();
  const H = (of: Books) => HASHES[of.statement.keys.find(({ purpose }) => purpose === 'signing')!.suite];
  for (const row of books.outbox) {
    const where = `outbox/${row.id}`;
    records.set(row.log_position, { kind: KIND.sent, subject: row.leaf, peer: row.peer, where });
    if (row.receipt && row.receipt_log_position !== null) {
      const subject = leafOf(H(peer), row.receipt);
      records.set(row.receipt_log_position, { kind: KIND.received, subject, peer: row.peer, where });
    }
  }
  for (const row of books.inbox) {
    const subject = row.receipt ? leafOf(H(books), row.receipt) : Buffer.alloc(0);
    records.set(row.log_position, { kind: KIND.verdict, subject, peer: row.peer, where: `inbox/${row.id}` });
  }
  return records;
}

function demandRecords(
  entries: readonly EntryRow[],
  records: Map<number, Expected>,
  found: (where: string, message: string) => void,
): void {
  for (const { position, entry } of entries) {
    const { kind, subject, peer } = readLogEntry(entry);
    const record = records.get(position);
    records.delete(position);
    const isOurs = Object.values<number>(KIND).includes(kind);
    if (!record) {
      if (isOurs) found(`log_entry/${position}`, 'is about nothing that the books hold');
    } else if (record.kind !== kind || record.peer !== peer || !record.subject.equals(subject))
      found(`log_entry/${position}`, `is not about ${record.where}`);
  }
  for (const { where } of records.values()) found(where, 'has no entry in the log');
}
