import { CodedError, decode, type messages } from '#proto';
import { readJws, type SealedRoot, type Signer, sealOf, sealReceipts, writeBundle } from '#trust';
import type { Sql } from '../store/store.ts';
import { witnessesOf } from './bundle-witnesses.ts';
import type { EvidenceLog } from './evidence-log.ts';

/** What an export needs of its surroundings. */
export interface ExportContext {
  readonly region: string;
  readonly read: Sql;
  readonly log: EvidenceLog;
  /** Signs receipts whose seal was not stored yet. */
  readonly signer: Signer;
  readonly now: () => number;
  /** Newest statement JWT that was ever believed of a region, ours included. */
  readonly statementOf: (region: string) => Promise<string | undefined>;
  /** Signed document of an authorization. */
  readonly authorizationOf: (id: string) => Promise<string | undefined>;
}

interface StoredEnvelope {
  readonly type: string;
  readonly header: Buffer;
  readonly payload: Buffer | null;
  readonly salt: Buffer | null;
  readonly peer: string;
  readonly receipt: Buffer;
  readonly group_id: number;
  readonly group_index: number;
  readonly receipt_group_id: number | null;
  readonly receipt_group_index: number | null;
  readonly log_position: number;
  readonly receipt_log_position: number | null;
}

/**
 * Writes the evidence bundle (存证包) of a case: every envelope that has its verdict, each with its seal, its receipt
 * and its places in our log under one checkpoint. An envelope that still waits for its receipt is not evidence yet
 * and is left out.
 *
 * @throws CodedError NOT_FOUND when nothing of the conversation has a verdict
 */
export async function exportBundle(conversation: string, context: ExportContext): Promise<string> {
  const { read, region, log } = context;
  const sent = await read.all<StoredEnvelope>(
    `SELECT type, header, payload, salt, peer, receipt, group_id, group_index, receipt_group_id, receipt_group_index,
       log_position, receipt_log_position FROM outbox
     WHERE conversation = ? AND state IN ('accepted', 'rejected') ORDER BY sequence, position`,
    conversation,
  );
  const received = await read.all<StoredEnvelope>(
    `SELECT type, header, payload, salt, sender AS peer, receipt, group_id, group_index, receipt_group_id,
       receipt_group_index, log_position, NULL AS receipt_log_position FROM inbox
     WHERE conversation = ? AND code <> 'SEQUENCE_USED' ORDER BY sequence, position`,
    conversation,
  );
  const all = [...sent, ...received];
  if (all.length === 0) throw new CodedError('NOT_FOUND', 'no envelope of this conversation has a verdict yet');
  const positions = all.flatMap((row) => positionsOf(row));
  const { checkpoint, proofs } = await log.prove(positions);
  const proofOf = new Map(positions.map((position, index) => [position, proofs[index]!]));
  const seals = new Seals(context);
  const envelopes = [];
  for (const row of all) {
    envelopes.push({
      header: row.header,
      ...(row.payload && row.salt ? { payload: row.payload, payloadSalt: row.salt } : {}),
      seal: await seals.stored(row.group_id, row.group_index),
      receipt: { body: row.receipt, seal: await seals.ofReceipt(row) },
      log: positionsOf(row).map((position) => {
        const { entry, index, path } = proofOf.get(position)!;
        return { entry, index, inclusionPath: path };
      }),
    });
  }
  const indexes = proofs.map(({ index }) => index);
  const { witnessed, regions: witnesses } = await witnessesOf(indexes, checkpoint, { read, log, peer: all[0]!.peer });
  const regions = new Set([region, ...all.map((row) => row.peer), ...witnesses]);
  return writeBundle({
    conversation,
    exportedBy: region,
    exportedAt: context.now(),
    statements: (await Promise.all([...regions].map(context.statementOf))).filter((jwt) => jwt !== undefined),
    authorizations: await citedDocuments(all, context),
    envelopes,
    checkpoint,
    witnessed,
  });
}

function positionsOf(row: StoredEnvelope): number[] {
  return row.receipt_log_position === null ? [row.log_position] : [row.log_position, row.receipt_log_position];
}

async function citedDocuments(rows: readonly StoredEnvelope[], context: ExportContext): Promise<string[]> {
  const ids = new Set(rows.map(({ header }) => decode('EnvelopeHeader', header).authorizationId));
  ids.delete('');
  const documents = await Promise.all([...ids].map(context.authorizationOf));
  return documents.filter((document) => document !== undefined);
}

/** Seals computed from the stored leaf order, each group read once. */
class Seals {
  readonly #context: ExportContext;
  readonly #groups = new Map<number, SealedRoot>();

  constructor(context: ExportContext) {
    this.#context = context;
  }

  async stored(group: number, index: number): Promise<messages.Seal> {
    const sealed = await this.#group(group);
    return sealOf(sealed, index, suiteThatSigned(sealed.signedRoot));
  }

  /** The seal of a receipt; one that we gave and whose seal was lost in a crash is signed anew. */
  async ofReceipt(row: StoredEnvelope): Promise<messages.Seal> {
    const { receipt_group_id: group, receipt_group_index: index } = row;
    const isSealed = group !== null && (await this.#group(group)).signedRoot !== '';
    if (isSealed) return this.stored(group, index!);
    const { signer, region, now } = this.#context;
    const sealed = await sealReceipts(signer, region, [row.receipt], now());
    return sealOf(sealed, 0, signer.suite);
  }

  async #group(id: number): Promise<SealedRoot> {
    const known = this.#groups.get(id);
    if (known) return known;
    const row = await this.#context.read.get<{ signed_root: string; leaves: Buffer }>(
      'SELECT signed_root, leaves FROM sealed_group WHERE id = ?',
      id,
    );
    if (!row) throw new CodedError('LOG_CORRUPT', `the seal ${id} is missing`);
    const leaves: Buffer[] = [];
    for (let at = 0; at < row.leaves.length; at += HASH_BYTES) leaves.push(row.leaves.subarray(at, at + HASH_BYTES));
    const group = { signedRoot: row.signed_root, leaves };
    this.#groups.set(id, group);
    return group;
  }
}

/** Whoever signed a group hashed its tree: a peer, or a key of ours from before, may have another suite than we now. */
function suiteThatSigned(signedRoot: string): string {
  return String(readJws(signedRoot).header['alg']);
}

const HASH_BYTES = 32;
