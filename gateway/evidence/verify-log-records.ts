import type { Reader } from '../store/store.ts';
import {
  type AuditedRow,
  type CheckRow,
  checkAudited,
  checkChecked,
  checkOpening,
  checkReceived,
  checkSent,
  type OpeningRow,
  ofVolume,
  type ReceivedRow,
  readable,
  type SentRow,
  type VolumeRow,
} from './held-records.ts';
import { type ArchivedRecords, Claims } from './log-claims.ts';
import type { OnFault } from './log-fault.ts';
import { OpenedRecords } from './opened-records.ts';
import { rowsOf } from './record-rows.ts';

const SENT = `SELECT o.position AS key, o.peer, o.header, o.payload, o.salt, o.leaf, o.state, o.receipt, o.log_position,
    o.receipt_log_position, e.entry, r.entry AS receipt_entry
  FROM outbox o LEFT JOIN log_entry e ON e.position = o.log_position
    LEFT JOIN log_entry r ON r.position = o.receipt_log_position
  WHERE o.position > ? ORDER BY o.position LIMIT ?`;

const RECEIVED = `SELECT i.position AS key, i.sender AS peer, i.header, i.payload, i.salt, i.leaf, i.receipt,
    i.log_position, e.entry
  FROM inbox i LEFT JOIN log_entry e ON e.position = i.log_position
  WHERE i.position > ? ORDER BY i.position LIMIT ?`;

const CHECKED = `SELECT c.log_position AS key, c.direction, c.peer, c.id, c.leaf, c.question, c.answer, c.log_position, e.entry,
    c.answer_log_position, a.entry AS answer_entry
  FROM certificate_check c LEFT JOIN log_entry e ON e.position = c.log_position
    LEFT JOIN log_entry a ON a.position = c.answer_log_position
  WHERE c.log_position > ? ORDER BY c.log_position LIMIT ?`;

const OPENED = `SELECT o.log_position AS key, o.peer, o.text, e.entry
  FROM log_opening o LEFT JOIN log_entry e ON e.position = o.log_position
  WHERE o.log_position > ? ORDER BY o.log_position LIMIT ?`;

const ARCHIVED = `SELECT v.number AS key, v.digest, v.log_position, e.entry
  FROM archive_volume v LEFT JOIN log_entry e ON e.position = v.log_position
  WHERE v.number > ? ORDER BY v.number LIMIT ?`;

const AUDITED = `SELECT a.position AS key, a.at, a.route, a.actor, a.record, a.log_position, e.entry
  FROM audit_entry a LEFT JOIN log_entry e ON e.position = a.log_position
  WHERE a.position > ? ORDER BY a.position LIMIT ?`;

/**
 * Holds every record of an envelope, a receipt, a check or an act against its log entry, and finds entries that no record
 * answers to.
 *
 * @param region our own
 * @param archived what the archive has of records that left the database
 * @param now milliseconds
 * @returns how many records there are, and how many sealed values of them could not be opened here
 */
export async function checkRecords(
  read: Reader,
  region: string,
  archived: ArchivedRecords,
  now: number,
  onFault: OnFault,
): Promise<{ readonly records: number; readonly locked: number }> {
  const last = await read.get<{ position: number | null }>('SELECT max(position) AS position FROM log_entry');
  const claims = new Claims(last?.position ?? 0, onFault);
  const opened = new OpenedRecords(read.vault, onFault);
  for await (const row of rowsOf<SentRow>(read, SENT)) checkSent(readable('outbox', row, opened), claims, onFault);
  for await (const row of rowsOf<ReceivedRow>(read, RECEIVED))
    checkReceived(readable('inbox', row, opened), claims, onFault);
  for await (const row of rowsOf<CheckRow>(read, CHECKED)) checkChecked(row, claims, opened, onFault);
  if (await read.hasTable('log_opening'))
    for await (const row of rowsOf<OpeningRow>(read, OPENED)) checkOpening(row, claims);
  if (await read.hasTable('archive_volume')) {
    for await (const row of rowsOf<VolumeRow>(read, ARCHIVED)) claims.hold(ofVolume(row, region));
    for await (const record of archived(read, onFault)) await claims.holdArchived(record, read);
  }
  if (await read.hasTable('audit_entry'))
    for await (const row of rowsOf<AuditedRow>(read, AUDITED)) checkAudited(row, region, claims, onFault);
  await claims.checkOrphans(read, now);
  return { records: claims.count, locked: opened.locked };
}
