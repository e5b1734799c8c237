import type { Sql, Transaction } from '../../store/store.ts';
import { viewOf } from '../library-rows.ts';
import type { Decision } from './words.ts';

/** That a region was told of a decision about a certificate of ours, or has to be. */
export interface SentNotice extends Decision {
  readonly peer: string;
  /** That of all notices to this region about the certificate. */
  readonly conversation: string;
  /** Id of the envelope; empty while it could not be sent. */
  readonly envelope: string;
  /** Verdict of the region, empty when it took the notice, or why it could not be sent; null while that is awaited. */
  readonly code: string | null;
  /** When the receipt came, milliseconds. */
  readonly settledAt: number | null;
}

/** A notice that waits to be sent. */
export interface OwedNotice extends Decision {
  /** Position of the change. */
  readonly decision: number;
  readonly peer: string;
  readonly conversation: string;
  /** Why it could not be sent before. */
  readonly code: string | null;
  /** As the region came to know the certificate; one of the two may be empty. */
  readonly identifier: string;
  readonly reference: string;
  readonly digest: Buffer;
  /** Name of the issuing authority. */
  readonly authority: string;
}

/** A certificate of ours that regions may have to be told of. */
export interface NoticeSubject {
  readonly identifier: string;
  /** Of its QR code; empty when it has none yet. */
  readonly reference: string;
  /** Conversation of the case that produced it, or empty. */
  readonly caseConversation: string;
}

/** A region that knows a certificate of ours. */
export interface Knower {
  readonly peer: string;
  /** By which names; by one of them at least. */
  readonly byIdentifier: boolean;
  readonly byReference: boolean;
}

/** Held: under which identifier and issuer the library keeps it. */
type OwedRow = Omit<OwedNotice, 'authority'> & Record<'document' | 'held' | 'issuer', string>;

/** Notices of one certificate that are shown, at most. */
const MAX_SHOWN = 1000;
/** Notices to one region that are sent in one go. */
export const MAX_OWED = 256;

const OWED = `
  SELECT sent.decision, sent.peer, sent.conversation, sent.code,
    CASE sent.by_identifier WHEN 1 THEN sent.identifier ELSE '' END AS identifier,
    CASE sent.by_reference WHEN 1 THEN coalesce(ref.reference, '') ELSE '' END AS reference,
    certificate.digest, certificate.document, certificate.identifier AS held, certificate.issuer,
    change.new_status AS status, change.ground, change.reason, change.at AS "decidedAt"
  FROM certificate_notice_sent AS sent
  JOIN certificate_status_change AS change ON change.position = sent.decision
  JOIN certificate ON certificate.identifier = sent.identifier AND certificate.issuer = ?
  LEFT JOIN certificate_reference AS ref ON ref.identifier = sent.identifier
  WHERE sent.envelope = ''`;

/** The rows of the notices that we send. */
export const sentNotices = {
  /** Position of the newest decision about a certificate of ours that was made at `since` (ms) or later. */
  async decisionSince(sql: Sql, identifier: string, since: number): Promise<number | undefined> {
    const row = await sql.get<{ position: number }>(
      'SELECT position FROM certificate_status_change WHERE identifier = ? AND at >= ? ORDER BY position DESC LIMIT 1',
      identifier,
      since,
    );
    return row?.position;
  },

  /**
   * Everybody who knows a certificate of ours, and by which names: whoever received it with a case, asked about it and got
   * an answer, or was told before. Who was answered `unknown` learned nothing, and does not now.
   */
  async knowing(sql: Sql, { identifier, reference, caseConversation }: NoticeSubject): Promise<Knower[]> {
    const rows = await sql.all<{ peer: string; by_identifier: number; by_reference: number }>(
      `SELECT peer, max(by_identifier) AS by_identifier, max(by_reference) AS by_reference
       FROM (
         SELECT peer, 1 AS by_identifier, 0 AS by_reference FROM conversation WHERE id = ?
         UNION
         SELECT peer, CASE WHEN subject = ? THEN 1 ELSE 0 END, CASE WHEN subject = ? THEN 0 ELSE 1 END
           FROM certificate_checked
           WHERE subject IN (?, ?) AND direction = 'answered'
         UNION
         SELECT peer, by_identifier, by_reference FROM certificate_notice_sent WHERE identifier = ?
       ) AS knowing GROUP BY peer ORDER BY peer`,
      caseConversation,
      identifier,
      identifier,
      identifier,
      // An empty text is nothing that anybody asked about.
      reference || identifier,
      identifier,
    );
    return rows.map(({ peer, by_identifier, by_reference }) => ({
      peer,
      byIdentifier: by_identifier === 1,
      byReference: by_reference === 1,
    }));
  },

  /**
   * Writes down that a region has to be told.
   *
   * @param conversation for the first notice about the certificate that it gets
   * @returns false when it was told, or stands there already
   */
  async owe(
    tx: Transaction,
    decision: number,
    identifier: string,
    { peer, byIdentifier, byReference }: Knower,
    conversation: string,
  ): Promise<boolean> {
    const before = await tx.get<{ conversation: string }>(
      'SELECT conversation FROM certificate_notice_sent WHERE identifier = ? AND peer = ? LIMIT 1',
      identifier,
      peer,
    );
    const changed = await tx.run(
      `INSERT INTO certificate_notice_sent (decision, peer, identifier, by_identifier, by_reference, conversation)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (decision, peer) DO NOTHING`,
      decision,
      peer,
      identifier,
      byIdentifier ? 1 : 0,
      byReference ? 1 : 0,
      before?.conversation ?? conversation,
    );
    return changed === 1;
  },

  /** What has to be sent about one decision. @param region our own */
  async owedOf(sql: Sql, region: string, decision: number): Promise<OwedNotice[]> {
    const rows = await sql.all<OwedRow>(`${OWED} AND sent.decision = ? ORDER BY sent.peer`, region, decision);
    return rows.map((row) => owedNotice(sql, row));
  },

  /** What has to be sent to one region, the oldest first. @param region our own */
  async owedTo(sql: Sql, region: string, peer: string): Promise<OwedNotice[]> {
    const rows = await sql.all<OwedRow>(
      `${OWED} AND sent.peer = ? ORDER BY sent.decision LIMIT ${MAX_OWED}`,
      region,
      peer,
    );
    return rows.map((row) => owedNotice(sql, row));
  },

  /** Regions to which something has to be sent. */
  async owedPeers(sql: Sql): Promise<string[]> {
    const rows = await sql.all<{ peer: string }>(
      "SELECT DISTINCT peer FROM certificate_notice_sent WHERE envelope = '' ORDER BY peer",
    );
    return rows.map(({ peer }) => peer);
  },

  /** A notice was sent, or could not be: then `envelope` is empty and `code` says why. */
  async note(
    tx: Transaction,
    { decision, peer }: Pick<OwedNotice, 'decision' | 'peer'>,
    { envelope = '', code = null }: { readonly envelope?: string; readonly code?: string | null },
  ): Promise<void> {
    await tx.run(
      'UPDATE certificate_notice_sent SET envelope = ?, code = ? WHERE decision = ? AND peer = ?',
      envelope,
      code,
      decision,
      peer,
    );
  },

  /** The verdict of a region. @param at milliseconds */
  async settle(tx: Transaction, envelope: string, code: string, at: number): Promise<void> {
    await tx.run(
      "UPDATE certificate_notice_sent SET code = ?, settled_at = ? WHERE envelope = ? AND envelope <> ''",
      code,
      at,
      envelope,
    );
  },

  /** An envelope expired before the region took it: the notice has to be sent again. */
  async oweAgain(tx: Transaction, envelope: string, code: string): Promise<void> {
    await tx.run(
      "UPDATE certificate_notice_sent SET envelope = '', code = ? WHERE envelope = ? AND envelope <> ''",
      code,
      envelope,
    );
  },

  /** Whom we told of decisions about a certificate of ours; the newest first. */
  of(sql: Sql, identifier: string, decision?: number): Promise<SentNotice[]> {
    return sql.all<SentNotice>(
      `SELECT sent.peer, sent.conversation, sent.envelope, sent.code, sent.settled_at AS "settledAt",
         change.new_status AS status, change.ground, change.reason, change.at AS "decidedAt"
       FROM certificate_notice_sent AS sent JOIN certificate_status_change AS change ON change.position = sent.decision
       WHERE sent.identifier = ?${decision === undefined ? '' : ' AND sent.decision = ?'}
       ORDER BY sent.decision DESC, sent.peer LIMIT ${MAX_SHOWN}`,
      identifier,
      ...(decision === undefined ? [] : [decision]),
    );
  },
};

function owedNotice(sql: Sql, { document, held, issuer, ...row }: OwedRow): OwedNotice {
  return { ...row, authority: viewOf(sql, { identifier: held, issuer, document }).authority.name };
}
