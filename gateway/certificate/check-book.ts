import { decode, encode, type messages } from '#proto';
import type { Sql, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';

/** Where the seal of a group member is kept. */
export interface GroupSeal {
  readonly group: number;
  /** Place among the leaves of the group. */
  readonly index: number;
}

/** A question to or from another region with its verified answer, both as envelopes. */
export interface CheckEntry {
  readonly direction: 'asked' | 'answered';
  /** The other region. */
  readonly peer: string;
  /** Id of the question's envelope. */
  readonly id: string;
  /** Leaf hash of the question. */
  readonly leaf: Buffer;
  /** What it is about: identifier or reference of a certificate, or kind of data. */
  readonly subject: string;
  /** Word of the wire. */
  readonly status: string;
  readonly question: messages.Envelope;
  readonly answer: messages.Envelope;
  /** Where the seals are, when they travelled in groups; else the envelopes carry theirs. */
  readonly questionSeal?: GroupSeal;
  readonly answerSeal?: GroupSeal;
  /** End of the question's life, milliseconds. */
  readonly expiresAt: number;
  /** Of a question of ours: what it says, and until when its answer serves the same question again; milliseconds. */
  readonly reuse?: { readonly digest: Buffer; readonly until: number };
  /** Where our log holds the question, if we asked, or our answer. */
  readonly logPosition: number;
  /** Where it holds the answer to a question of ours. */
  readonly answerLogPosition?: number;
  /** Milliseconds. */
  readonly at: number;
}

/** A question that was answered before. */
export interface AnsweredQuestion {
  readonly leaf: Buffer;
  readonly expiresAt: number;
  readonly answer: messages.Envelope;
}

/** A check as evidence needs it. */
export type StoredCheck = Pick<
  CheckEntry,
  'direction' | 'peer' | 'question' | 'answer' | 'questionSeal' | 'answerSeal' | 'logPosition' | 'answerLogPosition'
>;

interface CheckRow {
  readonly direction: CheckEntry['direction'];
  readonly peer: string;
  readonly id: string;
  readonly question: Buffer;
  readonly answer: Buffer;
  readonly question_group: number | null;
  readonly question_index: number | null;
  readonly answer_group: number | null;
  readonly answer_index: number | null;
  readonly log_position: number;
  readonly answer_log_position: number | null;
}

/** The rows of questions and answers. */
export const checkBook = {
  async answered(sql: Sql, peer: string, id: string): Promise<AnsweredQuestion | undefined> {
    const row = await sql.get<{ leaf: Buffer; expires_at: number; answer: Buffer }>(
      "SELECT leaf, expires_at, answer FROM certificate_check WHERE direction = 'answered' AND peer = ? AND id = ?",
      peer,
      id,
    );
    const answer = row && envelopeOf(sql, 'answer', { direction: 'answered', peer, id }, row.answer);
    return row && { leaf: row.leaf, expiresAt: row.expires_at, answer: answer! };
  },

  /** The newest answer of a peer to a question with this digest that may be used again; with the question's id. */
  async reusable(
    sql: Sql,
    peer: string,
    digest: Buffer,
    now: number,
  ): Promise<{ readonly id: string; readonly answer: messages.Envelope } | undefined> {
    const row = await sql.get<{ id: string; answer: Buffer }>(
      `SELECT id, answer FROM certificate_check
       WHERE peer = ? AND question_digest = ? AND reusable_until > 0 AND reusable_until > ? AND direction = 'asked'
       ORDER BY at DESC, id DESC LIMIT 1`,
      peer,
      digest,
      now,
    );
    if (!row) return undefined;
    return { id: row.id, answer: envelopeOf(sql, 'answer', { direction: 'asked', peer, id: row.id }, row.answer) };
  },

  /** Checks under one id, those that we asked first. @param peer the other region; any when absent */
  async withId(sql: Sql, id: string, peer: string | undefined): Promise<StoredCheck[]> {
    const rows = await sql.all<CheckRow>(
      `SELECT direction, peer, id, question, answer, question_group, question_index, answer_group, answer_index,
         log_position, answer_log_position
       FROM certificate_check WHERE id = ? AND peer = coalesce(?, peer) ORDER BY direction = 'asked' DESC LIMIT 2`,
      id,
      peer ?? null,
    );
    return rows.map((row) => checkOf(sql, row));
  },

  async store(tx: Transaction, entry: CheckEntry): Promise<void> {
    const { vault } = tx;
    const row = rowOf(entry.direction, entry.peer, entry.id);
    await tx.run(
      `INSERT INTO certificate_check (direction, peer, id, leaf, identifier, status, question, answer, question_group,
         question_index, answer_group, answer_index, question_digest, reusable_until, expires_at, log_position, answer_log_position, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.direction,
      entry.peer,
      entry.id,
      entry.leaf,
      entry.subject,
      entry.status,
      vault.sealBytes('certificate_check.question', row, encode('Envelope', entry.question)),
      vault.sealBytes('certificate_check.answer', row, encode('Envelope', entry.answer)),
      entry.questionSeal?.group ?? null,
      entry.questionSeal?.index ?? null,
      entry.answerSeal?.group ?? null,
      entry.answerSeal?.index ?? null,
      entry.reuse?.digest ?? null,
      entry.reuse?.until ?? 0,
      entry.expiresAt,
      entry.logPosition,
      entry.answerLogPosition ?? null,
      entry.at,
    );
  },

  /** Keeps the signature over a group whose leaves were stored before it was made. */
  async sealed(tx: Transaction, group: number, signedRoot: string): Promise<void> {
    await tx.run('UPDATE sealed_group SET signed_root = ? WHERE id = ?', signedRoot, group);
  },
};

function envelopeOf(
  { vault }: Sql,
  which: 'question' | 'answer',
  { direction, peer, id }: Pick<CheckRow, 'direction' | 'peer' | 'id'>,
  stored: Buffer,
): messages.Envelope {
  return decode('Envelope', vault.openBytes(`certificate_check.${which}`, rowOf(direction, peer, id), stored));
}

function checkOf(sql: Sql, row: CheckRow): StoredCheck {
  const questionSeal = sealOf(row.question_group, row.question_index);
  const answerSeal = sealOf(row.answer_group, row.answer_index);
  return {
    direction: row.direction,
    peer: row.peer,
    question: envelopeOf(sql, 'question', row, row.question),
    answer: envelopeOf(sql, 'answer', row, row.answer),
    ...(questionSeal && { questionSeal }),
    ...(answerSeal && { answerSeal }),
    logPosition: row.log_position,
    ...(row.answer_log_position !== null && { answerLogPosition: row.answer_log_position }),
  };
}

function sealOf(group: number | null, index: number | null): GroupSeal | undefined {
  return group === null || index === null ? undefined : { group, index };
}
