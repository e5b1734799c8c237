import { decode, encode, type messages } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';

/** A question about a certificate with its verified answer, both as sealed envelopes. */
export interface CheckEntry {
  readonly direction: 'asked' | 'answered';
  /** The other region. */
  readonly peer: string;
  /** Id of the question's envelope. */
  readonly id: string;
  /** Leaf hash of the question. */
  readonly leaf: Buffer;
  readonly identifier: string;
  readonly status: messages.CertificateStatus;
  readonly question: messages.Envelope;
  readonly answer: messages.Envelope;
  /** End of the question's life, milliseconds. */
  readonly expiresAt: number;
  readonly logPosition: number;
  /** Milliseconds. */
  readonly at: number;
}

/** A question that was answered before. */
export interface AnsweredQuestion {
  readonly leaf: Buffer;
  readonly expiresAt: number;
  readonly answer: messages.Envelope;
}

/** The rows of questions and answers. */
export const checkBook = {
  async answered(sql: Sql, peer: string, id: string): Promise<AnsweredQuestion | undefined> {
    const row = await sql.get<{ leaf: Buffer; expires_at: number; answer: Buffer }>(
      "SELECT leaf, expires_at, answer FROM certificate_check WHERE direction = 'answered' AND peer = ? AND id = ?",
      peer,
      id,
    );
    return row && { leaf: row.leaf, expiresAt: row.expires_at, answer: decode('Envelope', row.answer) };
  },

  async store(tx: Transaction, entry: CheckEntry): Promise<void> {
    await tx.run(
      `INSERT INTO certificate_check (direction, peer, id, leaf, identifier, status, question, answer, expires_at,
         log_position, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.direction,
      entry.peer,
      entry.id,
      entry.leaf,
      entry.identifier,
      entry.status,
      encode('Envelope', entry.question),
      encode('Envelope', entry.answer),
      entry.expiresAt,
      entry.logPosition,
      entry.at,
    );
  },
};
