import { decode, envelopeLeaf, type Hash, type messages, payloadDigest, receiptLeaf } from '#proto';
import { SUITE_NAMES, suiteOf } from '#trust';
import type { Sql } from '../store/store.ts';
import { checksPurgedBefore } from './checks-purged.ts';
import type { OnFault } from './log-fault.ts';

/** What a record says its log entry must say. */
interface Expected {
  readonly where: string;
  readonly position: number;
  readonly kind: messages.LogEntryKind;
  /** Leaf hashes that it may have. */
  readonly subjects: readonly Buffer[];
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
  readonly answer_log_position: number | null;
  readonly answer_entry: Buffer | null;
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

const ENTRIES = 'SELECT position AS key, entry FROM log_entry WHERE position > ? ORDER BY position LIMIT ?';
const ENTRY_STEP = 4096;

/**
 * Holds every record of an envelope, a receipt or a check against its log entry, and finds entries that no record
 * answers to.
 *
 * @returns how many records there are
 */
export async function checkRecords(read: Sql, onFault: OnFault): Promise<number> {
  const last = await read.get<{ position: number | null }>('SELECT max(position) AS position FROM log_entry');
  const claims = new Claims(last?.position ?? 0, onFault);
  for await (const row of rowsOf<SentRow>(read, SENT)) checkSent(row, claims, onFault);
  for await (const row of rowsOf<ReceivedRow>(read, RECEIVED)) checkReceived(row, claims, onFault);
  for await (const row of rowsOf<CheckRow>(read, CHECKED)) checkChecked(row, claims, onFault);
  await claims.checkOrphans(read);
  return claims.count;
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

function checkChecked(row: CheckRow, claims: Claims, onFault: OnFault): void {
  const where = `certificate_check/${row.direction}/${row.peer}/${row.id}`;
  const { peer, log_position: position, entry, direction } = row;
  const question = leafOf(row.question);
  if (!question?.equals(row.leaf)) onFault(where, 'LOG_CORRUPT', 'the leaf hash is not that of the question');
  const kind = direction === 'asked' ? 'LOG_ENTRY_KIND_CHECK_ASKED' : 'LOG_ENTRY_KIND_CHECK_ANSWERED';
  const answer = leafOf(row.answer);
  const subject = direction === 'asked' ? question : answer;
  claims.hold({ where, position, kind, subjects: subject ? [subject] : [], peer, entry });
  if (row.answer_log_position === null) return;
  claims.hold({
    where: `${where}/answer`,
    position: row.answer_log_position,
    kind: 'LOG_ENTRY_KIND_ANSWER_RECEIVED',
    subjects: answer ? [answer] : [],
    peer,
    entry: row.answer_entry,
  });
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
    if (!fits || !subjects.some((subject) => subject.equals(entry.subject)))
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} says something else: the record was altered`);
    if (this.#has(position))
      this.#onFault(where, 'LOG_CORRUPT', `the log entry ${position} has another record already`);
    this.#claimed[position >> 3]! |= 1 << (position & 7);
  }

  /** Finds entries whose record is gone, other than by the retention of checks. */
  async checkOrphans(read: Sql): Promise<void> {
    const purgedBefore = await checksPurgedBefore(read);
    for await (const { key, entry } of rowsOf<{ key: number; entry: Buffer }>(read, ENTRIES, ENTRY_STEP))
      if (!this.#has(key) && !isOfOldCheck(entry, purgedBefore))
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

/** Whether an entry is about a check that was kept for as long as it had to be. Its time is in the hash of the log. */
function isOfOldCheck(bytes: Buffer, purgedBefore: number): boolean {
  const entry = purgedBefore === 0 ? undefined : entryOf(bytes);
  return entry !== undefined && OF_CHECKS.has(String(entry.kind)) && entry.at < purgedBefore;
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
