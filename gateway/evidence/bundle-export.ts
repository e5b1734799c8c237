import { CodedError, decode } from '#proto';
import { type BundleInput, writeBundle } from '#trust';
import type { Sql } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import { Seals, type SealsContext } from './bundle-seals.ts';
import { witnessesOf } from './bundle-witnesses.ts';
import type { EvidenceLog, LogProof } from './evidence-log.ts';

/** What an export needs of its surroundings. */
export interface ExportContext extends SealsContext {
  readonly log: EvidenceLog;
  /** Newest statement JWT that was ever believed of a region, ours included. */
  readonly statementOf: (region: string) => Promise<string | undefined>;
  /** Signed document of an authorization. */
  readonly authorizationOf: (id: string) => Promise<string | undefined>;
}

/** An envelope of a bundle, whose places in the log are to be proved anew. */
export type ArchivedEnvelope = Omit<BundleInput['envelopes'][number], 'log'> & {
  readonly log: readonly { readonly index: number }[];
};

interface StoredEnvelope {
  readonly id: string;
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
 * @param hasPayloads false to leave payloads and salts out, as if they were erased
 * @param earlier envelopes of the conversation that left the database, as a volume of the archive has them
 * @throws CodedError NOT_FOUND when nothing of the conversation has a verdict
 */
export async function exportBundle(
  conversation: string,
  context: ExportContext,
  hasPayloads = true,
  earlier: readonly ArchivedEnvelope[] = [],
): Promise<string> {
  const { read, region, log } = context;
  // Payloads may be large, and many.
  const content = hasPayloads ? 'payload, salt' : 'NULL AS payload, NULL AS salt';
  const sent = await read.all<StoredEnvelope>(
    `SELECT id, type, header, ${content}, peer, receipt, group_id, group_index, receipt_group_id, receipt_group_index,
       log_position, receipt_log_position FROM outbox
     WHERE conversation = ? AND state IN ('accepted', 'rejected') ORDER BY sequence, position`,
    conversation,
  );
  const received = await read.all<StoredEnvelope>(
    `SELECT id, type, header, ${content}, sender AS peer, receipt, group_id, group_index, receipt_group_id,
       receipt_group_index, log_position, NULL AS receipt_log_position FROM inbox
     WHERE conversation = ? AND code <> 'SEQUENCE_USED' ORDER BY sequence, position`,
    conversation,
  );
  const all = [
    ...sent.map((row) => (hasPayloads ? opened(read, 'outbox', row, row.id) : row)),
    ...received.map((row) => (hasPayloads ? opened(read, 'inbox', row, rowOf(row.peer, row.id)) : row)),
  ];
  if (all.length + earlier.length === 0)
    throw new CodedError('NOT_FOUND', 'no envelope of this conversation has a verdict yet');
  const positions = all.flatMap((row) => positionsOf(row));
  const archived = earlier.flatMap((envelope) => envelope.log.map(({ index }) => index));
  const { checkpoint, proofs, provedAt } = await log.prove(positions, archived);
  const proofOf = new Map(positions.map((position, index) => [position, proofs[index]!]));
  const seals = new Seals(context);
  const envelopes: BundleInput['envelopes'][number][] = earlier.map((envelope) => ({
    ...envelope,
    log: envelope.log.map(({ index }) => loggedIn(provedAt.get(index)!)),
  }));
  for (const row of all) {
    envelopes.push({
      header: row.header,
      ...(hasPayloads && row.payload && row.salt ? { payload: row.payload, payloadSalt: row.salt } : {}),
      seal: await seals.stored(row.group_id, row.group_index),
      receipt: { body: row.receipt, seal: await seals.ofReceipt(row.receipt, receiptSealOf(row)) },
      log: positionsOf(row).map((position) => loggedIn(proofOf.get(position)!)),
    });
  }
  const indexes = [...archived, ...proofs.map(({ index }) => index)];
  const headers = envelopes.map(({ header }) => decode('EnvelopeHeader', Buffer.from(header)));
  const parties = headers.flatMap(({ sender, recipient }) => [sender, recipient]);
  const peer = parties.find((party) => party !== region)!;
  const { witnessed, regions: witnesses } = await witnessesOf(indexes, checkpoint, { read, log, peer });
  const regions = new Set([region, ...parties, ...witnesses]);
  return writeBundle({
    conversation,
    exportedBy: region,
    exportedAt: context.now(),
    statements: await statementsOf(regions, context),
    authorizations: await citedDocuments(
      envelopes.map(({ header }) => Buffer.from(header)),
      context,
    ),
    envelopes,
    checkpoint,
    witnessed,
  });
}

function loggedIn({ entry, index, path }: LogProof) {
  return { entry, index, inclusionPath: path };
}

/** A row with its payload and salt as they were sent. */
function opened({ vault }: Sql, table: 'outbox' | 'inbox', row: StoredEnvelope, name: string): StoredEnvelope {
  const { payload, salt } = row;
  if (!payload || !salt) return row;
  return {
    ...row,
    payload: vault.openBytes(`${table}.payload`, name, payload),
    salt: vault.openBytes(`${table}.salt`, name, salt),
  };
}

function receiptSealOf({ receipt_group_id: group, receipt_group_index: index }: StoredEnvelope) {
  return group === null || index === null ? undefined : { group, index };
}

function positionsOf(row: StoredEnvelope): number[] {
  return row.receipt_log_position === null ? [row.log_position] : [row.log_position, row.receipt_log_position];
}

/** The documents that headers cite, each once. */
export async function citedDocuments(headers: readonly Buffer[], context: ExportContext): Promise<string[]> {
  const ids = new Set(headers.map((header) => decode('EnvelopeHeader', header).authorizationId));
  ids.delete('');
  const documents = await Promise.all([...ids].map(context.authorizationOf));
  return documents.filter((document) => document !== undefined);
}

/** The newest statements of regions, as far as they are known. */
export async function statementsOf(regions: ReadonlySet<string>, context: ExportContext): Promise<string[]> {
  const statements = await Promise.all([...regions].map(context.statementOf));
  return statements.filter((jwt) => jwt !== undefined);
}
