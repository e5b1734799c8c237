import { hash } from 'node:crypto';
import { LIMITS } from '#proto';
import { type EntrustmentLink, VerificationError } from '#trust';
import type { Sql, Transaction } from '../store/store.ts';

/** A link of a chain of entrustments (授权委托书), ours or shown to us. Times are milliseconds. */
export interface EntrustmentRecord {
  readonly id: string;
  /** Hex of the SHA-256 of the document. */
  readonly digest: string;
  /** Region to which the power belongs. */
  readonly region: string;
  /** Digest of the link above in hex; empty for the region's own. */
  readonly parent: string;
  /** Compact JWS. */
  readonly document: string;
  /** Compact JWS; empty while it is not revoked. */
  readonly revocation: string;
  readonly revoked_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** That a link was shown to a peer, or by one. */
export interface ShownRecord {
  readonly entrustment: string;
  readonly peer: string;
  /** The one conversation of all entrustments that go to this peer, or come from it. */
  readonly conversation: string;
  /** Mutual authorization that it belongs to; empty if none. */
  readonly authorization_id: string;
  readonly shown_at: number;
  /** Verdict of the peer: null while it is awaited, empty when it took it. */
  readonly code: string | null;
}

/** Which links a list is about. */
export interface EntrustmentFilter {
  readonly region?: string | undefined;
  /** Mutual authorization that they were shown with. */
  readonly authorization?: string | undefined;
}

/** The row of a link that was just issued or just arrived. @param at milliseconds */
export function entrustmentRecord({ content, digest, text }: EntrustmentLink, at: number): EntrustmentRecord {
  return {
    id: content.id,
    digest: digest.toString('hex'),
    region: content.region,
    parent: content.parent === undefined ? '' : Buffer.from(content.parent, 'base64url').toString('hex'),
    document: text,
    revocation: '',
    revoked_at: null,
    created_at: at,
    updated_at: at,
  };
}

/** The tables of entrustments and of who was shown them. */
export const entrustments = {
  find(sql: Sql, id: string): Promise<EntrustmentRecord | undefined> {
    return sql.get<EntrustmentRecord>('SELECT * FROM entrustment WHERE id = ?', id);
  },

  /** @param digest hex */
  ofDigest(sql: Sql, digest: string): Promise<EntrustmentRecord | undefined> {
    return sql.get<EntrustmentRecord>('SELECT * FROM entrustment WHERE digest = ?', digest);
  },

  /** The next links after an id, in the order of their ids. */
  page(sql: Sql, after: string, limit: number, filter: EntrustmentFilter): Promise<EntrustmentRecord[]> {
    const { region = '', authorization = '' } = filter;
    return sql.all<EntrustmentRecord>(
      `SELECT * FROM entrustment WHERE id > ? AND (? = '' OR region = ?)
         AND (? = '' OR id IN (SELECT entrustment FROM entrustment_shown WHERE authorization_id = ?))
       ORDER BY id LIMIT ?`,
      after,
      region,
      region,
      authorization,
      authorization,
      limit,
    );
  },

  /**
   * A link with all above it, the region's own first. Every link was verified with those above when it was stored.
   *
   * @throws VerificationError ENTRUSTMENT_UNKNOWN when one is missing
   */
  async chain(sql: Sql, last: EntrustmentRecord): Promise<EntrustmentRecord[]> {
    const chain = [last];
    for (let { parent } = last; parent !== '' && chain.length < LIMITS.entrustmentLinks; parent = chain[0]!.parent) {
      const above = await entrustments.ofDigest(sql, parent);
      if (!above) throw new VerificationError('ENTRUSTMENT_UNKNOWN', 'a link above it is not known here');
      chain.unshift(above);
    }
    return chain;
  },

  /** How many links of a region are kept. */
  async count(sql: Sql, region: string): Promise<number> {
    const row = await sql.get<{ n: number }>('SELECT count(*) AS n FROM entrustment WHERE region = ?', region);
    return row!.n;
  },

  async insert(tx: Transaction, record: EntrustmentRecord): Promise<void> {
    await tx.run(
      `INSERT INTO entrustment (id, digest, region, parent, document, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.digest,
      record.region,
      record.parent,
      record.document,
      record.created_at,
      record.updated_at,
    );
  },

  /** @param revokedAt milliseconds, as `at` */
  async revoke(tx: Transaction, id: string, revocation: string, revokedAt: number, at: number): Promise<void> {
    await tx.run(
      'UPDATE entrustment SET revocation = ?, revoked_at = ?, updated_at = ? WHERE id = ?',
      revocation,
      revokedAt,
      at,
      id,
    );
  },

  shown(sql: Sql, id: string): Promise<ShownRecord[]> {
    return sql.all<ShownRecord>('SELECT * FROM entrustment_shown WHERE entrustment = ? ORDER BY peer', id);
  },

  /** The conversation in which entrustments of a region were shown to or by a peer before. */
  async conversation(sql: Sql, region: string, peer: string): Promise<string | undefined> {
    const row = await sql.get<{ conversation: string }>(
      `SELECT conversation FROM entrustment_shown AS shown JOIN entrustment ON entrustment.id = shown.entrustment
       WHERE shown.peer = ? AND entrustment.region = ? LIMIT 1`,
      peer,
      region,
    );
    return row?.conversation;
  },

  /** Notes that a link was shown; the authorization that was named last counts. */
  async show(tx: Transaction, shown: ShownRecord): Promise<void> {
    await tx.run(
      `INSERT INTO entrustment_shown (entrustment, peer, conversation, authorization_id, shown_at, code)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (entrustment, peer) DO UPDATE SET shown_at = excluded.shown_at, code = excluded.code,
         authorization_id = CASE excluded.authorization_id WHEN '' THEN entrustment_shown.authorization_id
           ELSE excluded.authorization_id END`,
      shown.entrustment,
      shown.peer,
      shown.conversation,
      shown.authorization_id,
      shown.shown_at,
      shown.code,
    );
  },

  /** The verdict of a peer on what it was shown. @param documents of the links */
  async settle(tx: Transaction, peer: string, documents: readonly string[], code: string): Promise<void> {
    for (const document of documents) {
      await tx.run(
        `UPDATE entrustment_shown SET code = ?
         WHERE peer = ? AND entrustment = (SELECT id FROM entrustment WHERE digest = ?)`,
        code,
        peer,
        hash('sha256', document),
      );
    }
  },
};
