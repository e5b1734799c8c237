import type { Sql, Transaction } from '../../store/store.ts';

/** That a question about a certificate was answered, with anything but `unknown`. */
export interface CheckedCertificate {
  /** `asked`: we asked the peer; `answered`: the peer asked us. */
  readonly direction: 'asked' | 'answered';
  readonly peer: string;
  /** Identifier or reference that the question named. */
  readonly subject: string;
}

/** Who asked about which certificates: so little that it outlives the questions and answers, which are purged. */
export const checkedCertificates = {
  /** @returns whether it was the first time */
  async note(tx: Transaction, { direction, peer, subject }: CheckedCertificate): Promise<boolean> {
    const changed = await tx.run(
      'INSERT INTO certificate_checked (subject, direction, peer) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      subject,
      direction,
      peer,
    );
    return changed === 1;
  },

  /** Whether we asked a region about a certificate by one of its names. */
  async wasAsked(sql: Sql, peer: string, names: readonly [identifier: string, reference: string]): Promise<boolean> {
    const row = await sql.get(
      "SELECT 1 FROM certificate_checked WHERE subject IN (?, ?) AND direction = 'asked' AND peer = ? LIMIT 1",
      ...names,
      peer,
    );
    return row !== undefined;
  },
};
