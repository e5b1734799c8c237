import type { PayloadName } from '#proto';
import type { ArrivedEnvelope } from '#trust';
import type { Transaction } from '../store/store.ts';
import type { GroupPlace } from './outbox.ts';

/** An envelope of ours that a peer gave back after our store had lost it, with its verdict. */
export interface RecoveredEnvelope {
  readonly envelope: ArrivedEnvelope;
  readonly name: PayloadName | '';
  /** Payload and salt were erased. */
  readonly erased: boolean;
  readonly code: string;
  readonly receipt: Buffer;
  readonly sealedIn: GroupPlace;
  readonly receiptIn: GroupPlace;
  /** Milliseconds. */
  readonly settledAt: number;
  readonly logPosition: number;
  readonly receiptLogPosition: number;
}

/** Envelopes of ours that come back with their verdict: they never wait in the queue. */
export const recoveredEnvelopes = {
  /** Keeps one, and its number is never given again. */
  async keep(tx: Transaction, recovered: RecoveredEnvelope): Promise<void> {
    const { envelope, name, erased, code, receipt, sealedIn, receiptIn } = recovered;
    const { header, headerBytes, payload, payloadSalt, leaf } = envelope;
    const { id, recipient, conversation, sequence, sentAt, expiresAt } = header;
    await tx.run(
      `INSERT INTO outbox (peer, id, conversation, sequence, type, header, payload, salt, leaf, expires_at, created_at,
         log_position, state, code, settled_at, group_id, group_index, receipt, receipt_group_id, receipt_group_index,
         receipt_log_position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      recipient,
      id,
      conversation,
      sequence,
      name === '' ? header.type : name,
      headerBytes,
      erased ? null : tx.vault.sealBytes('outbox.payload', id, payload),
      erased ? null : tx.vault.sealBytes('outbox.salt', id, payloadSalt),
      leaf,
      expiresAt,
      sentAt,
      recovered.logPosition,
      code === '' ? 'accepted' : 'rejected',
      code,
      recovered.settledAt,
      sealedIn.group,
      sealedIn.index,
      receipt,
      receiptIn.group,
      receiptIn.index,
      recovered.receiptLogPosition,
    );
  },

  /** Numbers up to this one are taken. @returns false when one before it is not known */
  async passNumber(tx: Transaction, peer: string, conversation: string, sequence: number): Promise<boolean> {
    const row = await tx.get<{ next_out: number }>(
      'SELECT next_out FROM conversation WHERE id = ? AND peer = ?',
      conversation,
      peer,
    );
    await tx.run(
      `INSERT INTO conversation (id, peer, next_out) VALUES (?, ?, ?)
       ON CONFLICT (id, peer) DO UPDATE SET next_out = excluded.next_out
       WHERE conversation.next_out < excluded.next_out`,
      conversation,
      peer,
      sequence + 1,
    );
    return sequence <= (row?.next_out ?? 1);
  },
};
