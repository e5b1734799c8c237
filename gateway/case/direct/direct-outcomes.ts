import { CodedError, type messages } from '#proto';
import type { Incoming } from '../../peer/incoming.ts';
import type { Sql, Transaction } from '../../store/store.ts';
import { rowOf } from '../../store/vault/sealed-columns.ts';
import type { EmitNews } from '../case-changes.ts';

/** How another region decided a case of one of our people (直接通办办结告知). */
export interface DirectOutcome {
  readonly conversation: string;
  /** Region that decided. */
  readonly peer: string;
  /** Its case number. */
  readonly number: string;
  readonly item: string;
  readonly decision: 'approved' | 'denied';
  /** Identifier; empty when there is none. */
  readonly certificate: string;
  /** Only what the authorization lets travel; the rest is empty. */
  readonly applicant: messages.Applicant;
  /** Milliseconds. */
  readonly decidedAt: number;
  readonly receivedAt: number;
}

interface Row extends Omit<DirectOutcome, 'applicant' | 'decidedAt' | 'receivedAt'> {
  readonly applicant: string;
  readonly decided_at: number;
  readonly received_at: number;
}

/** Keeps what another region decided directly. @throws CodedError CONFLICT when the conversation told another outcome */
export async function hearOutcome(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  emit: EmitNews,
): Promise<void> {
  const { item, caseNumber, applicant, decision, certificateIdentifier, decidedAt } = payload as messages.DirectOutcome;
  const { conversation } = envelope.header;
  const kept = await tx.run(
    `INSERT INTO direct_outcome
       (conversation, peer, number, item, decision, certificate, applicant, decided_at, received_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, peer) DO NOTHING`,
    conversation,
    peer.region,
    caseNumber,
    item,
    decision,
    certificateIdentifier,
    applicantText(tx, conversation, peer.region, applicant),
    decidedAt,
    receivedAt,
  );
  if (kept !== 1) throw new CodedError('ILLEGAL_TRANSITION', 'the outcome of this case was told already');
  await emit(tx, {
    conversation,
    number: caseNumber,
    peer: peer.region,
    event: 'direct-outcome',
    actor: peer.region,
    state: decision === 'denied' ? 'denied' : 'approved',
    at: Math.min(decidedAt, receivedAt),
  });
}

/**
 * Newest first.
 *
 * @param before receipt and conversation of the last one of the page before
 */
export async function listOutcomes(
  sql: Sql,
  limit: number,
  before?: readonly [receivedAt: number, conversation: string],
): Promise<DirectOutcome[]> {
  const rows = await sql.all<Row & Record<string, never>>(
    `SELECT * FROM direct_outcome WHERE (received_at, conversation) < (?, ?)
     ORDER BY received_at DESC, conversation DESC LIMIT ?`,
    before?.[0] ?? Number.MAX_SAFE_INTEGER,
    before?.[1] ?? '',
    limit,
  );
  return rows.map(({ applicant, decided_at, received_at, ...row }) => {
    const { conversation, peer } = row;
    const whom = applicantOf(sql, conversation, peer, applicant);
    return { ...row, applicant: whom, decidedAt: decided_at, receivedAt: received_at };
  });
}

/** Whom an outcome is about, as its row has it. */
export function applicantOf({ vault }: Sql, conversation: string, peer: string, stored: string): messages.Applicant {
  return JSON.parse(vault.openText('direct_outcome.applicant', rowOf(conversation, peer), stored));
}

/** @returns what the row of an outcome holds of its applicant */
export function applicantText(
  { vault }: Sql,
  conversation: string,
  peer: string,
  applicant: messages.Applicant | null,
): string {
  return vault.sealText('direct_outcome.applicant', rowOf(conversation, peer), JSON.stringify(applicant));
}
