import type { ArrivedEnvelope, SealedRoot, VerifiedEnvelope } from '#trust';
import { type GroupPlace, keepGroup } from '../outbound/outbox.ts';
import type { Sql, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';

/** An envelope id that was decided before. */
export interface KnownEnvelope {
  readonly leaf: Buffer;
  /** Body of the receipt that was given. */
  readonly receipt: Buffer;
  /** Its position, when the seal of the receipt was lost between the verdict and the signature. */
  readonly unsealed: number | null;
}

/** The verdict as it is stored beside the envelope. */
export interface StoredVerdict {
  readonly code: string;
  readonly receipt: Buffer;
  readonly logPosition: number;
  readonly receivedAt: number;
  readonly receiptPlace: GroupPlace;
}

/**
 * The receipts that one unit of work gives, in order. Their group is in the store before its seal: the signature comes
 * after the commit, and then one row changes instead of every receipt.
 */
export class ReceiptGroup {
  readonly #tx: Transaction;
  #id: number | undefined;
  #count = 0;

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /** The group's id; undefined while it has no receipt. */
  get id(): number | undefined {
    return this.#id;
  }

  /** The place of the next receipt. */
  async next(): Promise<GroupPlace> {
    this.#id ??= await keepGroup(this.#tx, '', []);
    this.#count += 1;
    return { group: this.#id, index: this.#count - 1 };
  }
}

/** Every final verdict, and what sequence comes next in each conversation. */
export const inbox = {
  /** What became of an envelope id; undefined when it was never decided. */
  known(sql: Sql, sender: string, id: string): Promise<KnownEnvelope | undefined> {
    return sql.get<KnownEnvelope & Record<string, never>>(
      `SELECT leaf, receipt, CASE WHEN sealed_group.signed_root = '' THEN inbox.position END AS unsealed
       FROM inbox LEFT JOIN sealed_group ON sealed_group.id = inbox.receipt_group_id WHERE sender = ? AND inbox.id = ?`,
      sender,
      id,
    );
  },

  /** Sequence that the next envelope of the conversation must have. */
  async expected(tx: Sql, sender: string, conversation: string): Promise<number> {
    const row = await tx.get<{ next_in: number }>(
      'SELECT next_in FROM conversation WHERE id = ? AND peer = ?',
      conversation,
      sender,
    );
    return row?.next_in ?? 1;
  },

  /** A final verdict consumes its number. */
  async consume(tx: Transaction, sender: string, conversation: string, sequence: number): Promise<void> {
    await tx.run(
      `INSERT INTO conversation (id, peer, next_in) VALUES (?, ?, ?)
       ON CONFLICT (id, peer) DO UPDATE SET next_in = excluded.next_in`,
      conversation,
      sender,
      sequence + 1,
    );
  },

  async store(tx: Transaction, envelope: VerifiedEnvelope, place: GroupPlace, verdict: StoredVerdict): Promise<void> {
    const { header, headerBytes, payload, payloadSalt, leaf } = envelope;
    const row = rowOf(header.sender, header.id);
    await tx.run(
      `INSERT INTO inbox (sender, id, conversation, sequence, type, header, payload, salt, leaf, expires_at, received_at,
         code, group_id, group_index, receipt, receipt_group_id, receipt_group_index, log_position)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      header.sender,
      header.id,
      header.conversation,
      header.sequence,
      header.type,
      headerBytes,
      tx.vault.sealBytes('inbox.payload', row, payload),
      tx.vault.sealBytes('inbox.salt', row, payloadSalt),
      leaf,
      header.expiresAt,
      verdict.receivedAt,
      verdict.code,
      place.group,
      place.index,
      verdict.receipt,
      verdict.receiptPlace.group,
      verdict.receiptPlace.index,
      verdict.logPosition,
    );
  },

  /**
   * Keeps a verdict that we reached before the store lost it, with the receipt that was given. What it consumed stays
   * consumed.
   *
   * @param erased payload and salt were erased
   * @returns false when an envelope before it is not known here
   */
  async storeAgain(
    tx: Transaction,
    { header, headerBytes, payload, payloadSalt, leaf }: ArrivedEnvelope,
    place: GroupPlace,
    verdict: StoredVerdict & { readonly erased: boolean },
  ): Promise<boolean> {
    const { sender, id, conversation, sequence } = header;
    const row = rowOf(sender, id);
    await tx.run(
      `INSERT INTO inbox (sender, id, conversation, sequence, type, header, payload, salt, leaf, expires_at, received_at,
         code, group_id, group_index, receipt, receipt_group_id, receipt_group_index, log_position)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      sender,
      id,
      conversation,
      sequence,
      header.type,
      headerBytes,
      verdict.erased ? null : tx.vault.sealBytes('inbox.payload', row, payload),
      verdict.erased ? null : tx.vault.sealBytes('inbox.salt', row, payloadSalt),
      leaf,
      header.expiresAt,
      verdict.receivedAt,
      verdict.code,
      place.group,
      place.index,
      verdict.receipt,
      verdict.receiptPlace.group,
      verdict.receiptPlace.index,
      verdict.logPosition,
    );
    const expected = await inbox.expected(tx, sender, conversation);
    if (sequence >= expected) await inbox.consume(tx, sender, conversation, sequence);
    return sequence <= expected;
  },

  /** Forgets the seal of a batch of which nothing was decided. */
  async dropSeal(tx: Transaction, group: number): Promise<void> {
    await tx.run('DELETE FROM sealed_group WHERE id = ?', group);
  },

  /** Keeps the seal under which a group of receipts is sent; receipts of others may follow them in it. */
  async sealed(tx: Transaction, group: number, { signedRoot, leaves }: SealedRoot): Promise<void> {
    await tx.run(
      'UPDATE sealed_group SET signed_root = ?, leaves = ? WHERE id = ?',
      signedRoot,
      Buffer.concat(leaves),
      group,
    );
  },

  /** Gives receipts whose seal was lost their places under another one. */
  async sealedAnew(
    tx: Transaction,
    { signedRoot, leaves }: SealedRoot,
    lost: readonly { readonly position: number; readonly index: number }[],
  ): Promise<void> {
    const group = await keepGroup(tx, signedRoot, leaves);
    for (const { position, index } of lost)
      await tx.run(
        'UPDATE inbox SET receipt_group_id = ?, receipt_group_index = ? WHERE position = ?',
        group,
        index,
        position,
      );
  },
};
