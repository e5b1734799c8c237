import type { Problem } from '#proto';
import type { Sql, Transaction } from '../../store/store.ts';
import { rowOf } from '../../store/vault/sealed-columns.ts';

/** Bytes of a document that are kept, at most. */
export const DOCUMENT_BYTES = 1_048_576;
/** Problems of one submission that are kept, at most. */
const PROBLEMS = 100;
const MESSAGE_LENGTH = 500;

/** Why a submission is refused, without its values. */
export interface Refusal {
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** A submission that was refused. */
export interface ParkedSubmission {
  /** Name of the platform. */
  readonly adapter: string;
  readonly key: string;
  /** As the platform handed it in; null when there was nothing to keep. */
  readonly document: unknown;
  readonly refusal: Refusal;
}

/** A submission as it stands in the table. */
export interface KeptSubmission extends ParkedSubmission {
  readonly position: number;
  /** How often it was refused. */
  readonly attempts: number;
}

interface Row {
  readonly position: number;
  readonly adapter: string;
  readonly key: string;
  readonly document: string;
  readonly refusal: string;
  readonly attempts: number;
}

/** Submissions that were refused (交办搁置): each has an open dead letter (死信), and goes with it. */
export const parkedTable = {
  /**
   * Keeps a submission, or once more the one with the same key.
   *
   * @returns its position
   */
  async put(tx: Transaction, { adapter, key, document, refusal }: ParkedSubmission): Promise<number> {
    const row = rowOf(adapter, key);
    const text = JSON.stringify(document) ?? 'null';
    const isKept = Buffer.byteLength(text) <= DOCUMENT_BYTES;
    const kept = await tx.get<{ position: number }>(
      `INSERT INTO platform_parked (adapter, key, document, refusal, attempts) VALUES (?, ?, ?, ?, 1)
       ON CONFLICT (adapter, key) DO UPDATE SET document = excluded.document, refusal = excluded.refusal,
         attempts = platform_parked.attempts + 1 RETURNING position`,
      adapter,
      key,
      tx.vault.sealText('platform_parked.document', row, isKept ? text : 'null'),
      tx.vault.sealText('platform_parked.refusal', row, JSON.stringify(bounded(refusal))),
    );
    return kept!.position;
  },

  async find(sql: Sql, adapter: string, key: string): Promise<KeptSubmission | undefined> {
    const row = await sql.get<Row & Record<string, never>>(
      'SELECT position, adapter, key, document, refusal, attempts FROM platform_parked WHERE adapter = ? AND key = ?',
      adapter,
      key,
    );
    return row && submissionOf(sql, row);
  },

  async at(sql: Sql, position: number): Promise<KeptSubmission | undefined> {
    const row = await sql.get<Row & Record<string, never>>(
      'SELECT position, adapter, key, document, refusal, attempts FROM platform_parked WHERE position = ?',
      position,
    );
    return row && submissionOf(sql, row);
  },

  async remove(tx: Transaction, position: number): Promise<void> {
    await tx.run('DELETE FROM platform_parked WHERE position = ?', position);
  },
};

function submissionOf({ vault }: Sql, { document, refusal, ...row }: Row): KeptSubmission {
  const name = rowOf(row.adapter, row.key);
  return {
    ...row,
    document: JSON.parse(vault.openText('platform_parked.document', name, document)),
    refusal: JSON.parse(vault.openText('platform_parked.refusal', name, refusal)),
  };
}

function bounded({ message, problems }: Refusal): Refusal {
  const cut = (text: string) => text.slice(0, MESSAGE_LENGTH);
  return {
    message: cut(message),
    problems: problems.slice(0, PROBLEMS).map(({ pointer, code, message: what }) => {
      return { pointer: cut(pointer), code: cut(code), message: cut(what) };
    }),
  };
}
