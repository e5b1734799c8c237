import { auditLeaf, decode, envelopeLeaf, type Hash, type messages, payloadDigest, receiptLeaf } from '#proto';
import { SUITE_NAMES, suiteOf } from '#trust';
import { rowOf } from '../store/vault/sealed-columns.ts';
import type { Claims, Expected } from './log-claims.ts';
import type { OnFault } from './log-fault.ts';
import type { OpenedRecords } from './opened-records.ts';

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

export interface SentRow extends EnvelopeColumns {
  readonly state: string;
  readonly receipt: Buffer | null;
  readonly receipt_log_position: number | null;
  readonly receipt_entry: Buffer | null;
}

export interface ReceivedRow extends EnvelopeColumns {
  readonly receipt: Buffer;
}

export interface VolumeRow {
  readonly key: number;
  readonly digest: Buffer;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

export interface CheckRow {
  readonly key: number;
  readonly direction: string;
  readonly peer: string;
  readonly id: string;
  readonly leaf: Buffer;
  readonly question: Buffer;
  readonly answer: Buffer;
  readonly log_position: number;
  readonly entry: Buffer | null;
  readonly answer_log_position: number | null;
  readonly answer_entry: Buffer | null;
}

export interface AuditedRow {
  readonly key: number;
  readonly at: number;
  readonly route: string;
  readonly actor: string;
  readonly record: string;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

export interface OpeningRow {
  readonly key: number;
  readonly peer: string;
  readonly text: string;
  readonly entry: Buffer | null;
}

const HASHES: readonly Hash[] = [...new Set(SUITE_NAMES.map((name) => suiteOf(name).hash))];

export function checkSent(row: SentRow, claims: Claims, onFault: OnFault): void {
  const where = `outbox/${row.key}`;
  const { peer, log_position: position, entry } = row;
  const subjects = [checkEnvelope(where, row, onFault)];
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', subjects, peer, entry });
  const settled = row.state === 'accepted' || row.state === 'rejected';
  if (settled !== (row.receipt !== null) || settled !== (row.receipt_log_position !== null))
    onFault(where, 'LOG_CORRUPT', `is ${row.state} and its receipt does not fit that`);
  if (row.receipt === null || row.receipt_log_position === null) return;
  claims.hold({
    where: `${where}/receipt`,
    position: row.receipt_log_position,
    kind: 'LOG_ENTRY_KIND_RECEIPT_RECEIVED',
    subjects: receiptLeaves(row.receipt),
    peer,
    entry: row.receipt_entry,
  });
}

export function checkReceived(row: ReceivedRow, claims: Claims, onFault: OnFault): void {
  const where = `inbox/${row.key}`;
  const { peer, log_position: position, entry } = row;
  checkEnvelope(where, row, onFault);
  const subjects = receiptLeaves(row.receipt);
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subjects, peer, entry });
}

/** A row with its payload opened; without it where its key is not open, as for whoever reads a database without keys. */
export function readable<R extends EnvelopeColumns>(table: 'outbox' | 'inbox', row: R, opened: OpenedRecords): R {
  const header = row.payload && row.salt ? headerOf(row.header) : undefined;
  if (!header) return row;
  const where = `${table}/${row.key}`;
  const name = table === 'inbox' ? rowOf(header.sender, header.id) : header.id;
  const payload = opened.open(where, `${table}.payload`, name, row.payload) ?? null;
  return { ...row, payload, salt: payload && (opened.open(where, `${table}.salt`, name, row.salt) ?? null) };
}

/** Header, payload and leaf belong together. @returns the leaf hash of the header */
function checkEnvelope(where: string, row: EnvelopeColumns, onFault: OnFault): Buffer {
  const header = headerOf(row.header);
  if (!header) {
    onFault(where, 'LOG_CORRUPT', 'the stored header cannot be read');
    return row.leaf;
  }
  const { hash } = suiteOf(header.suite);
  const leaf = envelopeLeaf(hash, row.header);
  if (!leaf.equals(row.leaf)) onFault(where, 'LOG_CORRUPT', 'the leaf hash is not that of the header');
  if (row.payload && row.salt && !payloadDigest(hash, row.salt, row.payload).equals(header.payloadDigest))
    onFault(where, 'LOG_CORRUPT', 'the payload is not the one of the header');
  return leaf;
}

/** Undefined when the bytes are not the header of an envelope. */
function headerOf(bytes: Buffer): messages.EnvelopeHeader | undefined {
  try {
    const header = decode('EnvelopeHeader', bytes);
    suiteOf(header.suite);
    return header;
  } catch {
    return undefined;
  }
}

export function checkChecked(row: CheckRow, claims: Claims, opened: OpenedRecords, onFault: OnFault): void {
  const where = `certificate_check/${row.direction}/${row.peer}/${row.id}`;
  const { peer, log_position: position, entry, direction } = row;
  const name = rowOf(direction, peer, row.id);
  const asked = opened.open(where, 'certificate_check.question', name, row.question);
  const given = opened.open(where, 'certificate_check.answer', name, row.answer);
  if (asked && !leafOf(asked)?.equals(row.leaf))
    onFault(where, 'LOG_CORRUPT', 'the leaf hash is not that of the question');
  const kind = direction === 'asked' ? 'LOG_ENTRY_KIND_CHECK_ASKED' : 'LOG_ENTRY_KIND_CHECK_ANSWERED';
  const answer = given && [leafOf(given)].filter((leaf) => leaf !== undefined);
  claims.hold({ where, position, kind, subjects: direction === 'asked' ? [row.leaf] : answer, peer, entry });
  if (row.answer_log_position === null) return;
  claims.hold({
    where: `${where}/answer`,
    position: row.answer_log_position,
    kind: 'LOG_ENTRY_KIND_ANSWER_RECEIVED',
    subjects: answer,
    peer,
    entry: row.answer_entry,
  });
}

export function checkOpening({ key: position, peer, text, entry }: OpeningRow, claims: Claims): void {
  const subjects = HASHES.map((hash) => hash(Buffer.from(text)));
  claims.hold({
    where: `log_opening/${position}`,
    position,
    kind: 'LOG_ENTRY_KIND_EPOCH_OPENED',
    subjects,
    peer,
    entry,
  });
}

export function ofVolume({ key, digest, log_position: position, entry }: VolumeRow, region: string): Expected {
  const kind = 'LOG_ENTRY_KIND_ARCHIVE_CLOSED';
  return { where: `archive/${key}`, position, kind, subjects: [digest], peer: region, entry };
}

/** The columns by which a record is found are its own words. */
export function checkAudited(row: AuditedRow, region: string, claims: Claims, onFault: OnFault): void {
  const where = `audit_entry/${row.key}`;
  const { log_position: position, record, entry } = row;
  const { at, route, actor } = recordOf(record);
  if (at !== row.at || route !== row.route || actor !== row.actor)
    onFault(where, 'LOG_CORRUPT', 'the columns say something else than the record');
  const subjects = HASHES.map((hash) => auditLeaf(hash, Buffer.from(record)));
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_OPERATOR_ACTION', subjects, peer: region, entry });
}

function recordOf(text: string): { readonly at?: unknown; readonly route?: unknown; readonly actor?: unknown } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Leaf hash of a stored envelope; undefined when it is none. */
function leafOf(envelope: Buffer): Buffer | undefined {
  try {
    const { header } = decode('Envelope', envelope);
    return envelopeLeaf(suiteOf(decode('EnvelopeHeader', header).suite).hash, header);
  } catch {
    return undefined;
  }
}

/** Leaf hash of a receipt under each hash that a region's suite may have. */
function receiptLeaves(body: Buffer): Buffer[] {
  return HASHES.map((hash) => receiptLeaf(hash, body));
}
