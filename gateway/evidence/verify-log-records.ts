import { decode, envelopeLeaf, type Hash, type messages, payloadDigest, receiptLeaf } from '#proto';
import { type RegionStatement, suiteOf } from '#trust';
import type { Sql } from '../store/store.ts';
import type { OnFault } from './verify-log.ts';

/** What a record says its log entry must say. */
interface Expected {
  readonly where: string;
  readonly position: number;
  readonly kind: messages.LogEntryKind;
  readonly subject: Buffer;
  readonly peer: string;
  /** The entry at that position. */
  readonly entry: Buffer | null;
}

interface EnvelopeColumns {
  readonly key: number;
  readonly peer: string;
  readonly header: Buffer;
  readonly payload: Buffer | null;
  readonly salt: Buffer | null;
  readonly leaf: Buffer;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

interface SentRow extends EnvelopeColumns {
  readonly state: string;
  readonly receipt: Buffer | null;
  readonly receipt_log_position: number | null;
  readonly receipt_entry: Buffer | null;
}

interface ReceivedRow extends EnvelopeColumns {
  readonly receipt: Buffer;
}

interface CheckRow {
  readonly key: number;
  readonly direction: string;
  readonly peer: string;
  readonly id: string;
  readonly leaf: Buffer;
  readonly question: Buffer;
  readonly answer: Buffer;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

/** Rows read at once: envelopes may have a megabyte each. */
const STEP = 64;

const SENT = `SELECT o.position AS key, o.peer, o.header, o.payload, o.salt, o.leaf, o.state, o.receipt, o.log_position,
    o.receipt_log_position, e.entry, r.entry AS receipt_entry
  FROM outbox o LEFT JOIN log_entry e ON e.position = o.log_position
    LEFT JOIN log_entry r ON r.position = o.receipt_log_position
  WHERE o.position > ? ORDER BY o.position LIMIT ?`;

const RECEIVED = `SELECT i.position AS key, i.sender AS peer, i.header, i.payload, i.salt, i.leaf, i.receipt,
    i.log_position, e.entry
  FROM inbox i LEFT JOIN log_entry e ON e.position = i.log_position
  WHERE i.position > ? ORDER BY i.position LIMIT ?`;

const CHECKED = `SELECT c.log_position AS key, c.direction, c.peer, c.id, c.leaf, c.question, c.answer, c.log_position, e.entry
  FROM certificate_check c LEFT JOIN log_entry e ON e.position = c.log_position
  WHERE c.log_position > ? ORDER BY c.log_position LIMIT ?`;

/**
 * Holds every record of an envelope, a receipt or a check against its log entry, and finds entries that no record
 * answers to.
 *
 * @returns how many records there are
 */
export async function checkRecords(read: Sql, statement: RegionStatement, onFault: OnFault): Promise<number> {
  const last = await read.get<{ position: number | null }>('SELECT max(position) AS position FROM log_entry');
  const claims = new Claims(last?.position ?? 0, onFault);
  for await (const row of rowsOf<SentRow>(read, SENT)) checkSent(row, claims, onFault);
  const own = suiteOf(statement.suites[0] ?? 'ES256').hash;
  for await (const row of rowsOf<ReceivedRow>(read, RECEIVED)) checkReceived(row, own, claims, onFault);
  for await (const row of rowsOf<CheckRow>(read, CHECKED)) checkChecked(row, claims);
  await claims.checkOrphans(read);
  return claims.count;
}

function checkSent(row: SentRow, claims: Claims, onFault: OnFault): void {
  const where = `outbox/${row.key}`;
  const { peer, log_position: position, entry } = row;
  const subject = checkEnvelope(where, row, onFault);
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', subject, peer, entry });
  const settled = row.state === 'accepted' || row.state === 'rejected';
  if (settled !== (row.receipt !== null) || settled !== (row.receipt_log_position !== null))
    return onFault(where, 'LOG_CORRUPT', `is ${row.state} and its receipt does not fit that`);
  if (row.receipt === null || row.receipt_log_position === null) return;
  claims.hold({
    where: `${where}/receipt`,
    position: row.receipt_log_position,
    kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
    subject: receiptLeaf(hashOfReceipt(row.header), row.receipt),
    peer,
    entry: row.receipt_entry,
  });
}

function checkReceived(row: ReceivedRow, own: Hash, claims: Claims, onFault: OnFault): void {
  const where = `inbox/${row.key}`;
  const { peer, log_position: position, entry } = row;
  checkEnvelope(where, row, onFault);
  const subject = receiptLeaf(own, row.receipt);
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subject, peer, entry });
}
