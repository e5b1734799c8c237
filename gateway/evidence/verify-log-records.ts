import { auditLeaf, decode, envelopeLeaf, type Hash, type messages, payloadDigest, receiptLeaf } from '#proto';
import { SUITE_NAMES, suiteOf } from '#trust';
import type { Reader, Sql } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { auditPurgedBefore, latestAuditPurge } from './audit-purged.ts';
import { checksPurgedBefore } from './checks-purged.ts';
import type { OnFault } from './log-fault.ts';
import { OpenedRecords } from './opened-records.ts';
import { SqlTiles } from './sql-tiles.ts';

/** What a record says its log entry must say. */
interface Expected {
  readonly where: string;
  readonly position: number;
  readonly kind: messages.LogEntryKind;
  /** Leaf hashes that it may have; undefined where the record is sealed, and nobody here can open it. */
  readonly subjects: readonly Buffer[] | undefined;
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

interface VolumeRow {
  readonly key: number;
  readonly digest: Buffer;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

/** What a volume of the archive has in the place of a record that left the database. */
export interface ArchivedRecord {
  /** Volume and piece of evidence, for a fault. */
  readonly where: string;
  /** Index of its entry in the tree. */
  readonly index: number;
  /** The encoded entry as the archive has it. */
  readonly entry: Buffer;
}

/** Reads from the archive the records that left the database; volumes that cannot be read are faults. */
export type ArchivedRecords = (read: Reader, onFault: OnFault) => AsyncIterable<ArchivedRecord>;

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
  readonly answer_log_position: number | null;
  readonly answer_entry: Buffer | null;
}

interface AuditedRow {
  readonly key: number;
  readonly at: number;
  readonly route: string;
  readonly actor: string;
  readonly record: string;
  readonly log_position: number;
  readonly entry: Buffer | null;
}

interface OpeningRow {
  readonly key: number;
  readonly peer: string;
  readonly text: string;
  readonly entry: Buffer | null;
}

const HASHES: readonly Hash[] = [...new Set(SUITE_NAMES.map((name) => suiteOf(name).hash))];

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

const ENTRIES = 'SELECT position AS key, entry FROM log_entry WHERE position > ? ORDER BY position LIMIT ?';
const ENTRY_STEP = 4096;

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

function checkSent(row: SentRow, claims: Claims, onFault: OnFault): void {
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

function checkReceived(row: ReceivedRow, claims: Claims, onFault: OnFault): void {
  const where = `inbox/${row.key}`;
  const { peer, log_position: position, entry } = row;
  checkEnvelope(where, row, onFault);
  const subjects = receiptLeaves(row.receipt);
  claims.hold({ where, position, kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subjects, peer, entry });
}

/** A row with its payload opened; without it where its key is not open, as for whoever reads a database without keys. */
function readable<R extends EnvelopeColumns>(table: 'outbox' | 'inbox', row: R, opened: OpenedRecords): R {
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

function checkChecked(row: CheckRow, claims: Claims, opened: OpenedRecords, onFault: OnFault): void {
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

function checkOpening({ key: position, peer, text, entry }: OpeningRow, claims: Claims): void {
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

function ofVolume({ key, digest, log_position: position, entry }: VolumeRow, region: string): Expected {
  const kind = 'LOG_ENTRY_KIND_ARCHIVE_CLOSED';
  return { where: `archive/${key}`, position, kind, subjects: [digest], peer: region, entry };
}

/** The columns by which a record is found are its own words. */
function checkAudited(row: AuditedRow, region: string, claims: Claims, onFault: OnFault): void {
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

/** Which entries have a record: one bit for each position. */
class Claims {
  readonly #claimed: Uint8Array;
  readonly #onFault: OnFault;
  /** Records so far. */
  count = 0;

  constructor(last: number, onFault: OnFault) {
    this.#claimed = new Uint8Array(Math.ceil((last + 1) / 8));
    this.#onFault = onFault;
  }

  /** Holds a record against its entry. */
  hold({ where, position, kind, subjects, peer, entry: bytes }: Expected): void {
    this.count += 1;
    if (bytes === null) {
      this.#onFault(where, 'LOG_CORRUPT', `its log entry ${position} is missing`);
      return;
    }
    const entry = entryOf(bytes);
    const fits = entry?.version === 1 && entry.kind === kind && entry.peer === peer;
    if (!fits || subjects?.some((subject) => subject.equals(entry.subject)) === false)
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} says something else: the record was altered`);
    if (this.#has(position))
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} has another record already`);
    this.#claimed[position >> 3]! |= 1 << (position & 7);
  }

  /** Holds what the archive has against the log. The database may have the same record still. */
  async holdArchived({ where, index, entry }: ArchivedRecord, read: Sql): Promise<void> {
    this.count += 1;
    const found = await new SqlTiles(read).entryAtIndex(index);
    if (!found?.entry.equals(entry))
      this.#onFault(where, 'LOG_CORRUPT', `the entry ${index} of the log is not the one in the archive`);
    else this.#claimed[found.position >> 3]! |= 1 << (found.position & 7);
  }

  /** Finds entries whose record is gone, other than by retention. */
  async checkOrphans(read: Sql, now: number): Promise<void> {
    const [audit, latest] = [await auditPurgedBefore(read), await latestAuditPurge(read, now)];
    if (audit > 0 && audit > latest)
      this.#onFault('counter/audit', 'LOG_CORRUPT', 'it excuses audit records that are too young to have been removed');
    const purged = { checks: await checksPurgedBefore(read), audit: Math.min(audit, latest) };
    for await (const { key, entry } of rowsOf<{ key: number; entry: Buffer }>(read, ENTRIES, ENTRY_STEP))
      if (!this.#has(key) && !isPurged(entry, purged))
        this.#onFault(`log_entry/${key}`, 'LOG_CORRUPT', 'no record answers to it: it was removed');
  }

  #has(position: number): boolean {
    return ((this.#claimed[position >> 3] ?? 0) & (1 << (position & 7))) !== 0;
  }
}

const OF_CHECKS: ReadonlySet<string> = new Set([
  'LOG_ENTRY_KIND_CHECK_ASKED',
  'LOG_ENTRY_KIND_CHECK_ANSWERED',
  'LOG_ENTRY_KIND_ANSWER_RECEIVED',
]);

/**
 * Whether an entry is about a check or an act that was kept for as long as it had to be. Its time is in the hash of the log.
 *
 * @param purged milliseconds: what is older may be gone
 */
function isPurged(bytes: Buffer, purged: { readonly checks: number; readonly audit: number }): boolean {
  const entry = purged.checks === 0 && purged.audit === 0 ? undefined : entryOf(bytes);
  if (!entry) return false;
  if (entry.kind === 'LOG_ENTRY_KIND_OPERATOR_ACTION') return entry.at < purged.audit;
  return OF_CHECKS.has(String(entry.kind)) && entry.at < purged.checks;
}

function entryOf(bytes: Buffer): messages.LogEntry | undefined {
  try {
    return decode('LogEntry', bytes);
  } catch {
    return undefined;
  }
}

/** Rows of a statement that takes the key of the last row and a limit, in the order of their keys. */
async function* rowsOf<R extends { readonly key: number }>(read: Sql, text: string, step = STEP): AsyncGenerator<R> {
  let after = 0;
  for (;;) {
    const rows = await read.all<R>(text, after, step);
    if (rows.length === 0) return;
    yield* rows;
    after = rows.at(-1)!.key;
  }
}
