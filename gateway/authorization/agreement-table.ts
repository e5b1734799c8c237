import type { Sql, Transaction } from '../store/store.ts';
import type { AgreementRecord } from './agreement-record.ts';

/** States that time can end; the same list as in the index `agreement_ends`. */
const LIVE = `('proposed', 'accepted', 'active', 'suspended-by-proposer', 'suspended-by-acceptor', 'suspended-by-both')`;

/** The table of agreements. */
export const agreements = {
  find(sql: Sql, id: string): Promise<AgreementRecord | undefined> {
    return sql.get<AgreementRecord>('SELECT * FROM agreement WHERE id = ?', id);
  },

  ofConversation(sql: Sql, conversation: string, peer: string): Promise<AgreementRecord | undefined> {
    return sql.get<AgreementRecord>('SELECT * FROM agreement WHERE conversation = ? AND peer = ?', conversation, peer);
  },

  /** The next agreements after an id, in the order of their ids. */
  page(sql: Sql, after: string, limit: number): Promise<AgreementRecord[]> {
    return sql.all<AgreementRecord>('SELECT * FROM agreement WHERE id > ? ORDER BY id LIMIT ?', after, limit);
  },

  /** How many proposals of a peer nobody has answered. */
  async undecided(sql: Sql, peer: string): Promise<number> {
    const row = await sql.get<{ n: number }>(
      "SELECT count(*) AS n FROM agreement WHERE peer = ? AND state = 'proposed' AND proposer = peer",
      peer,
    );
    return row!.n;
  },

  /** The counter-proposals that answer a proposal: one that counts, and those that failed before it. */
  counterTo(sql: Sql, id: string): Promise<AgreementRecord[]> {
    return sql.all<AgreementRecord>("SELECT * FROM agreement WHERE counters = ? AND counters <> '' ORDER BY id", id);
  },

  /** The renewals of an agreement that came into force. */
  renewalsOf(sql: Sql, id: string): Promise<AgreementRecord[]> {
    return sql.all<AgreementRecord>(
      "SELECT * FROM agreement WHERE supersedes = ? AND supersedes <> '' AND activated_at IS NOT NULL ORDER BY id",
      id,
    );
  },

  /** Agreements that are not ended in the books although their time has come, at most `limit`. */
  due(sql: Sql, now: number, limit: number): Promise<AgreementRecord[]> {
    return sql.all<AgreementRecord>(
      `SELECT * FROM agreement WHERE state IN ${LIVE} AND (valid_until <= ? OR (superseded_from <= ? AND activated_at IS NOT NULL))
       ORDER BY valid_until LIMIT ?`,
      now,
      now,
      limit,
    );
  },

  /** Agreements in force that end before a moment and nobody was warned so late yet, at most `limit`. */
  ending(sql: Sql, before: number, days: number, limit: number): Promise<AgreementRecord[]> {
    return sql.all<AgreementRecord>(
      `SELECT * FROM agreement WHERE state IN ${LIVE} AND activated_at IS NOT NULL AND superseded_from IS NULL
         AND valid_until <= ? AND (warned_days IS NULL OR warned_days > ?) ORDER BY valid_until LIMIT ?`,
      before,
      days,
      limit,
    );
  },

  async insert(tx: Transaction, record: AgreementRecord): Promise<void> {
    await tx.run(
      `INSERT INTO agreement (id, digest, peer, proposer, conversation, state, proposal, document, lists, valid_from,
         valid_until, supersedes, counters, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.digest,
      record.peer,
      record.proposer,
      record.conversation,
      record.state,
      record.proposal,
      record.document,
      record.lists,
      record.valid_from,
      record.valid_until,
      record.supersedes,
      record.counters,
      record.created_at,
      record.updated_at,
    );
  },

  async update(tx: Transaction, record: AgreementRecord): Promise<void> {
    await tx.run(
      `UPDATE agreement SET state = ?, document = ?, code = ?, suspensions = ?, superseded_from = ?, cited_until = ?,
         reason = ?, revoked_by = ?, revoked_at = ?, activated_at = ?, warned_days = ?, updated_at = ? WHERE id = ?`,
      record.state,
      record.document,
      record.code,
      record.suspensions,
      record.superseded_from,
      record.cited_until,
      record.reason,
      record.revoked_by,
      record.revoked_at,
      record.activated_at,
      record.warned_days,
      record.updated_at,
      record.id,
    );
  },
};
