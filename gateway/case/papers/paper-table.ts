import type { PaperKind } from '#proto';
import type { Sql, Transaction } from '../../store/store.ts';

/** Notices of one case, at most. */
export const MAX_PAPERS = 200;

/** A notice whose signed original is here. */
export interface KeptPaper {
  readonly number: string;
  readonly kind: PaperKind;
  /** Region that made and signed it. */
  readonly issuer: string;
  readonly digest: Buffer;
  readonly size: number;
  /** When the act was done, milliseconds. */
  readonly issued_at: number;
  /** Envelope by which the other region was told of one of ours, or by which we were told; empty until then. */
  readonly envelope: string;
  /** Why the other region did not take it; empty unless it said so. */
  readonly code: string;
}

/** A case with notices to make or to tell. */
interface DueCase {
  readonly conversation: string;
  /** Counts the occasions: what came meanwhile is not taken as done. */
  readonly n: number;
  readonly tries: number;
}

/** The notices of cases, and what of them is still to be done. */
export const paperTable = {
  of(sql: Sql, conversation: string): Promise<KeptPaper[]> {
    return sql.all<KeptPaper & Record<string, never>>(
      `SELECT number, kind, issuer, digest, size, issued_at, envelope, code FROM case_paper WHERE conversation = ?
       ORDER BY issued_at, number`,
      conversation,
    );
  },

  /** @returns false when the case has one with this number */
  async keep(tx: Transaction, conversation: string, paper: KeptPaper): Promise<boolean> {
    const { number, kind, issuer, digest, size, issued_at, envelope, code } = paper;
    const kept = await tx.run(
      `INSERT INTO case_paper (conversation, number, kind, issuer, digest, size, issued_at, envelope, code)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, number) DO NOTHING`,
      conversation,
      number,
      kind,
      issuer,
      digest,
      size,
      issued_at,
      envelope,
      code,
    );
    return kept === 1;
  },

  /** The other region is told of it by this envelope. @returns false when it was told before */
  async told(tx: Transaction, conversation: string, number: string, envelope: string): Promise<boolean> {
    const changed = await tx.run(
      "UPDATE case_paper SET envelope = ? WHERE conversation = ? AND number = ? AND envelope = ''",
      envelope,
      conversation,
      number,
    );
    return changed === 1;
  },

  /** The other region did not take it. @returns false when the envelope told of no notice */
  async refused(tx: Transaction, conversation: string, envelope: string, code: string): Promise<boolean> {
    const changed = await tx.run(
      'UPDATE case_paper SET code = ? WHERE conversation = ? AND envelope = ?',
      code,
      conversation,
      envelope,
    );
    return changed > 0;
  },

  /** There may be notices of a case to make or to tell. @param at milliseconds */
  async owe(tx: Transaction, conversation: string, at: number): Promise<void> {
    await tx.run(
      `INSERT INTO paper_due (conversation, n, tries, next_at) VALUES (?, 1, 0, ?)
       ON CONFLICT (conversation) DO UPDATE SET n = paper_due.n + 1, tries = 0, next_at = excluded.next_at`,
      conversation,
      at,
    );
  },

  /** The case that waits longest; undefined when nothing is due. @param now milliseconds */
  async next(sql: Sql, now: number): Promise<DueCase | undefined> {
    return sql.get<DueCase & Record<string, never>>(
      'SELECT conversation, n, tries FROM paper_due WHERE next_at <= ? ORDER BY next_at LIMIT 1',
      now,
    );
  },

  /** What it was due for is done, unless more came meanwhile. */
  async done(tx: Transaction, { conversation, n }: DueCase): Promise<void> {
    await tx.run('DELETE FROM paper_due WHERE conversation = ? AND n = ?', conversation, n);
  },

  /**
   * Puts it off, also while somebody works on it, so that no other does.
   *
   * @param until milliseconds
   * @returns false when it changed meanwhile
   */
  async putOff(tx: Transaction, { conversation, n, tries }: DueCase, until: number): Promise<boolean> {
    const changed = await tx.run(
      'UPDATE paper_due SET tries = tries + 1, next_at = ? WHERE conversation = ? AND n = ? AND tries = ?',
      until,
      conversation,
      n,
      tries,
    );
    return changed === 1;
  },
};
