import type { Reader } from '../store/store.ts';
import { opened } from '../store/vault/opened.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { GroupFrames } from './group-frames.ts';

/** Rows read at once: envelopes may have a megabyte each. */
const STEP = 16;

export interface GiveBackContext {
  readonly read: Reader;
  /** Signs a receipt of ours alone whose seal was lost in a crash. @returns the signed root */
  readonly sealReceipt: (body: Buffer) => Promise<{ readonly signedRoot: string; readonly leaves: readonly Buffer[] }>;
  /** Brings the files that an envelope names to the peer again. Must not throw. */
  readonly pushFiles: (conversation: string, type: string, payload: Buffer) => Promise<void>;
}

interface ExchangedRow {
  readonly position: number;
  readonly id: string;
  readonly conversation: string;
  readonly type: string;
  readonly header: Buffer;
  readonly payload: Buffer | null;
  readonly salt: Buffer | null;
  readonly receipt: Buffer;
  readonly group_id: number;
  readonly group_index: number;
  readonly receipt_group_id: number | null;
  readonly receipt_group_index: number | null;
}

const THEIRS = `SELECT position, id, conversation, type, header, payload, salt, receipt, group_id, group_index,
    receipt_group_id, receipt_group_index
  FROM inbox WHERE position > ? AND sender = ? AND received_at >= ? ORDER BY position LIMIT ?`;

const OURS = `SELECT position, id, conversation, type, header, payload, salt, receipt, group_id, group_index,
    receipt_group_id, receipt_group_index
  FROM outbox WHERE position > ? AND peer = ? AND settled_at >= ? AND state IN ('accepted', 'rejected')
  ORDER BY position LIMIT ?`;

/**
 * Everything with a verdict that was exchanged with a peer since a moment (ms, our clock), as frames of
 * `RecoverResponse` in constant memory: what the peer sent, then what we sent.
 */
export async function* giveBack(peer: string, since: number, context: GiveBackContext): AsyncGenerator<object> {
  const { read, pushFiles } = context;
  const held = await read.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', peer);
  yield { opening: { heldNote: held?.note ?? '' } };
  const groups = new GroupFrames(read);
  let count = 0;
  for await (const row of rowsSince(read, peer, since)) {
    const { header, receipt, group_index: index, conversation, type } = row;
    if (row.payload) await pushFiles(conversation, type, row.payload);
    const sealed = await groups.stored(row.group_id);
    const receipts =
      (row.receipt_group_id === null ? undefined : await groups.stored(row.receipt_group_id)) ??
      groups.fresh(await context.sealReceipt(receipt));
    if (!sealed) continue;
    for (const { frame } of [sealed, receipts]) if (frame) yield frame;
    yield {
      exchanged: {
        header,
        ...(row.payload && row.salt && { payload: row.payload, payloadSalt: row.salt }),
        group: sealed.number,
        index,
        receipt,
        receiptGroup: receipts.number,
        receiptIndex: receipts.isFresh ? 0 : (row.receipt_group_index ?? 0),
      },
    };
    count += 1;
  }
  yield { end: { count } };
}

/** The rows of the inbox, then those of the outbox, with their contents opened; what does not open is as if erased. */
async function* rowsSince(read: Reader, peer: string, since: number): AsyncGenerator<ExchangedRow> {
  const { vault } = read;
  for await (const row of pages(read, THEIRS, peer, since)) {
    const name = rowOf(peer, row.id);
    yield withContent(row, (payload, salt) => ({
      payload: vault.openBytes('inbox.payload', name, payload),
      salt: vault.openBytes('inbox.salt', name, salt),
    }));
  }
  for await (const row of pages(read, OURS, peer, since)) {
    yield withContent(row, (payload, salt) => ({
      payload: vault.openBytes('outbox.payload', row.id, payload),
      salt: vault.openBytes('outbox.salt', row.id, salt),
    }));
  }
}

type Content = Pick<ExchangedRow, 'payload' | 'salt'>;

function withContent(row: ExchangedRow, open: (payload: Buffer, salt: Buffer) => Content): ExchangedRow {
  const { payload, salt } = row;
  const content = payload && salt ? opened(() => open(payload, salt)).value : undefined;
  return { ...row, payload: null, salt: null, ...content };
}

async function* pages(read: Reader, text: string, peer: string, since: number): AsyncGenerator<ExchangedRow> {
  let after = 0;
  for (;;) {
    const rows = await read.all<ExchangedRow>(text, after, peer, since, STEP);
    yield* rows;
    if (rows.length < STEP) return;
    after = rows.at(-1)!.position;
  }
}
