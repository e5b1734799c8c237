import type { Sql, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import type { SealResult } from './seal-result.ts';

/** A material whose seals nobody has looked at yet. */
export interface UnexaminedMaterial {
  readonly conversation: string;
  readonly digest: Buffer;
  readonly size: number;
  /** When it became part of its case, milliseconds. */
  readonly updated_at: number;
  /** Examinations that began and did not end. */
  readonly tries: number;
}

const FOUND = 'material.examination';

/** Where an examination is kept: with the row of its material. `''` says that there is nothing to examine. */
export const examinations = {
  /** The oldest ones. @param left how many to leave out */
  waiting(sql: Sql, limit: number, left: number): Promise<UnexaminedMaterial[]> {
    return sql.all<UnexaminedMaterial>(
      `SELECT conversation, digest, size, updated_at, examination_tries AS tries FROM material
       WHERE state = 'held' AND examination IS NULL ORDER BY updated_at LIMIT ? OFFSET ?`,
      limit,
      left,
    );
  },

  /** Notes that an examination begins. */
  async begin(tx: Transaction, { conversation, digest }: UnexaminedMaterial): Promise<void> {
    await tx.run(
      'UPDATE material SET examination_tries = examination_tries + 1 WHERE conversation = ? AND digest = ?',
      conversation,
      digest,
    );
  },

  /**
   * Keeps what was found, once.
   *
   * @param result undefined when there is nothing to examine
   * @returns whether nothing had been kept before
   */
  async keep(
    tx: Transaction,
    { conversation, digest }: UnexaminedMaterial,
    result: SealResult | undefined,
  ): Promise<boolean> {
    const changed = await tx.run(
      'UPDATE material SET examination = ? WHERE conversation = ? AND digest = ? AND examination IS NULL',
      result ? tx.vault.sealText(FOUND, rowOf(conversation, digest), JSON.stringify(result)) : '',
      conversation,
      digest,
    );
    return changed > 0;
  },

  /** What was found about the materials of a case, by digest in hex. */
  async of(sql: Sql, conversation: string): Promise<ReadonlyMap<string, SealResult>> {
    const rows = await sql.all<{ digest: Buffer; examination: string }>(
      "SELECT digest, examination FROM material WHERE conversation = ? AND examination <> ''",
      conversation,
    );
    return new Map(
      rows.map(({ digest, examination }) => {
        const found = sql.vault.openText(FOUND, rowOf(conversation, digest), examination);
        return [digest.toString('hex'), JSON.parse(found)];
      }),
    );
  },
};
