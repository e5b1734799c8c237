import { type JointRole, type JointState, readEnding, readJoint, type VerifiedEnding } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

/** A row of the books: one joint-handling agreement (多地联办协议). Times are milliseconds. */
export interface JointRecord {
  readonly id: string;
  readonly digest: Buffer;
  readonly lead: string;
  /** One for the whole agreement: every two of its parties talk in it. */
  readonly conversation: string;
  /** As last written; `jointStateAt` adds what time has done since. */
  readonly state: JointState;
  /** The newest document: with the lead's signature alone, or with all. */
  readonly document: string;
  readonly sign_by: number;
  readonly valid_until: number;
  /** Why something that we sent about it failed; empty when nothing did. */
  readonly code: string;
  /** The party at which it failed. */
  readonly failed_by: string;
  /** Signed ending that holds; empty when there is none. */
  readonly ending: string;
  /** When it came into force here; null when it never did. */
  readonly activated_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** A party of it, as these books know it. */
export interface JointPartyRecord {
  readonly agreement: string;
  readonly region: string;
  /** Statement by which its signatures are judged, where it is not pinned. */
  readonly statement: string;
  /** JSON of its JointSignature; empty until it reached these books. */
  readonly signature: string;
  readonly signed_at: number | null;
  /** When its receipt of the complete document reached the lead. */
  readonly acknowledged_at: number | null;
}

/** What may change in a row. */
export type JointChange = Partial<
  Pick<JointRecord, 'state' | 'document' | 'code' | 'failed_by' | 'ending' | 'activated_at'>
>;

/** The state of an agreement at a moment (ms): what has not ended expires at the end of its validity. */
export function jointStateAt({ state, valid_until }: JointRecord, now: number): JointState {
  return now >= valid_until && state !== 'ended' ? 'expired' : state;
}

/** Whose books a region's are. */
export function roleIn({ lead }: JointRecord, region: string): JointRole {
  return lead === region ? 'lead' : 'party';
}

/** The ending that holds. It was verified before it was stored. */
export function endingOf({ ending }: JointRecord): VerifiedEnding | undefined {
  return ending === '' ? undefined : { ...readEnding(ending), text: ending };
}

/** The row of a proposal that was just made or just arrived. @param at milliseconds */
export function proposedJoint(document: string, conversation: string, at: number): JointRecord {
  const { content, digest } = readJoint(document);
  return {
    id: content.id,
    digest,
    lead: content.lead,
    conversation,
    state: 'proposed',
    document,
    sign_by: Date.parse(content.sign_by),
    valid_until: Date.parse(content.valid_until),
    code: '',
    failed_by: '',
    ending: '',
    activated_at: null,
    created_at: at,
    updated_at: at,
  };
}

/** The tables of joint-handling agreements and of their parties. */
export const joints = {
  find(sql: Sql, id: string): Promise<JointRecord | undefined> {
    return sql.get<JointRecord>('SELECT * FROM joint_agreement WHERE id = ?', id);
  },

  /** The next agreements after an id, in the order of their ids. */
  page(sql: Sql, after: string, limit: number): Promise<JointRecord[]> {
    return sql.all<JointRecord>('SELECT * FROM joint_agreement WHERE id > ? ORDER BY id LIMIT ?', after, limit);
  },

  ofConversation(sql: Sql, conversation: string): Promise<JointRecord | undefined> {
    return sql.get<JointRecord>('SELECT * FROM joint_agreement WHERE conversation = ?', conversation);
  },

  /** How many proposals of a lead nobody has answered. */
  async undecided(sql: Sql, lead: string): Promise<number> {
    const row = await sql.get<{ n: number }>(
      "SELECT count(*) AS n FROM joint_agreement WHERE lead = ? AND state = 'proposed'",
      lead,
    );
    return row!.n;
  },

  /** Agreements of ours that wait in vain: somebody was silent for too long, or could not be reached. */
  hopeless(sql: Sql, lead: string, now: number): Promise<JointRecord[]> {
    return sql.all<JointRecord>(
      `SELECT * FROM joint_agreement
       WHERE lead = ? AND (state = 'proposed' AND (sign_by <= ? OR code <> '') OR state = 'complete' AND code <> '')
       LIMIT 100`,
      lead,
      now,
    );
  },

  async insert(tx: Transaction, record: JointRecord): Promise<void> {
    await tx.run(
      `INSERT INTO joint_agreement (id, digest, lead, conversation, state, document, sign_by, valid_until, created_at,
         updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.digest,
      record.lead,
      record.conversation,
      record.state,
      record.document,
      record.sign_by,
      record.valid_until,
      record.created_at,
      record.updated_at,
    );
  },

  /** @param at milliseconds */
  async change(tx: Transaction, record: JointRecord, change: JointChange, at: number): Promise<void> {
    const { state, document, code, failed_by, ending, activated_at, id } = { ...record, ...change };
    await tx.run(
      `UPDATE joint_agreement SET state = ?, document = ?, code = ?, failed_by = ?, ending = ?, activated_at = ?,
         updated_at = ? WHERE id = ?`,
      state,
      document,
      code,
      failed_by,
      ending,
      activated_at,
      at,
      id,
    );
  },

  parties(sql: Sql, agreement: string): Promise<JointPartyRecord[]> {
    return sql.all<JointPartyRecord>('SELECT * FROM joint_party WHERE agreement = ? ORDER BY region', agreement);
  },

  /** Adds a party, or believes a newer statement of it. */
  async keepParty(tx: Transaction, agreement: string, region: string, statement: string): Promise<void> {
    await tx.run(
      `INSERT INTO joint_party (agreement, region, statement) VALUES (?, ?, ?)
       ON CONFLICT (agreement, region) DO UPDATE SET statement = excluded.statement`,
      agreement,
      region,
      statement,
    );
  },

  /** Notes the signature of a party; the first one stays. @param at milliseconds */
  async sign(tx: Transaction, agreement: string, region: string, signature: string, at: number): Promise<void> {
    await tx.run(
      "UPDATE joint_party SET signature = ?, signed_at = ? WHERE agreement = ? AND region = ? AND signature = ''",
      signature,
      at,
      agreement,
      region,
    );
  },

  /** Forgets a signature that the lead did not take. */
  async unsign(tx: Transaction, agreement: string, region: string): Promise<void> {
    await tx.run(
      "UPDATE joint_party SET signature = '', signed_at = NULL WHERE agreement = ? AND region = ?",
      agreement,
      region,
    );
  },

  /** Notes that a party holds the complete document. @returns how many have not acknowledged it @param at milliseconds */
  async acknowledge(tx: Transaction, agreement: string, region: string, at: number): Promise<number> {
    await tx.run(
      'UPDATE joint_party SET acknowledged_at = ? WHERE agreement = ? AND region = ? AND acknowledged_at IS NULL',
      at,
      agreement,
      region,
    );
    const row = await tx.get<{ n: number }>(
      'SELECT count(*) AS n FROM joint_party WHERE agreement = ? AND acknowledged_at IS NULL',
      agreement,
    );
    return row!.n;
  },
};
