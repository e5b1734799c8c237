import { type AgreementContent, type AuthorizationState, readAgreement } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

/** A row of the books: one agreement (相互授权) with one peer. Times are milliseconds. */
export interface AgreementRecord {
  readonly id: string;
  readonly digest: Buffer;
  readonly peer: string;
  /** Region that proposed it: the peer or we. */
  readonly proposer: string;
  readonly conversation: string;
  /** As last written; `stateAt` adds what time has done since. */
  readonly state: AuthorizationState;
  /** The document with the proposer's signature alone. */
  readonly proposal: string;
  /** The newest document: the proposal, or the one with both signatures. */
  readonly document: string;
  readonly valid_from: number;
  readonly valid_until: number;
  /** Why the last proposal or acceptance failed; empty when it did not. */
  readonly code: string;
  readonly reason: string;
  readonly for_cause: number;
  readonly revoked_by: string;
  readonly revoked_at: number | null;
  /** When it first came into force here; null when it never did. */
  readonly activated_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What may change in a row. */
export type AgreementChange = Partial<
  Pick<
    AgreementRecord,
    'state' | 'document' | 'code' | 'reason' | 'for_cause' | 'revoked_by' | 'revoked_at' | 'activated_at'
  >
>;

const LIVE: readonly AuthorizationState[] = ['proposed', 'accepted', 'active', 'suspended'];

/** The state of an agreement at a moment (ms): one that is not ended expires at the end of its validity. */
export function stateAt({ state, valid_until }: AgreementRecord, now: number): AuthorizationState {
  return now >= valid_until && LIVE.includes(state) ? 'expired' : state;
}

/** When an agreement begins and ends, in milliseconds. The content must have passed the rules of the document. */
export function validityOf(content: AgreementContent): { from: number; until: number } {
  return { from: Date.parse(content.valid_from), until: Date.parse(content.valid_until) };
}

/** The row of a proposal that was just made or just arrived. */
export function proposedRecord(
  proposal: string,
  place: { readonly peer: string; readonly proposer: string; readonly conversation: string; readonly at: number },
): AgreementRecord {
  const { content, digest } = readAgreement(proposal);
  const { from, until } = validityOf(content);
  const { peer, proposer, conversation, at } = place;
  return {
    id: content.id,
    digest,
    peer,
    proposer,
    conversation,
    state: 'proposed',
    proposal,
    document: proposal,
    valid_from: from,
    valid_until: until,
    code: '',
    reason: '',
    for_cause: 0,
    revoked_by: '',
    revoked_at: null,
    activated_at: null,
    created_at: at,
    updated_at: at,
  };
}

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

  async insert(tx: Transaction, record: AgreementRecord): Promise<void> {
    await tx.run(
      `INSERT INTO agreement (id, digest, peer, proposer, conversation, state, proposal, document, valid_from,
         valid_until, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.digest,
      record.peer,
      record.proposer,
      record.conversation,
      record.state,
      record.proposal,
      record.document,
      record.valid_from,
      record.valid_until,
      record.created_at,
      record.updated_at,
    );
  },

  async update(tx: Transaction, record: AgreementRecord): Promise<void> {
    await tx.run(
      `UPDATE agreement SET state = ?, document = ?, code = ?, reason = ?, for_cause = ?, revoked_by = ?,
         revoked_at = ?, activated_at = ?, updated_at = ? WHERE id = ?`,
      record.state,
      record.document,
      record.code,
      record.reason,
      record.for_cause,
      record.revoked_by,
      record.revoked_at,
      record.activated_at,
      record.updated_at,
      record.id,
    );
  },
};
