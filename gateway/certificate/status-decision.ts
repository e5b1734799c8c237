import { CodedError, fields, oneOf, type Problem, text } from '#proto';
import { STATUS_WORDS, type StatusWord } from '#trust';
import type { Transaction } from '../store/store.ts';
import { type CertificateRecord, library } from './library.ts';
import type { TellCertificateNews } from './library-news.ts';
import type { OutgoingNotices } from './notice/outgoing-notices.ts';
import type { SentNotice } from './notice/sent-table.ts';
import { GROUNDS, type Ground } from './notice/words.ts';
import { demandChange } from './standing.ts';
import type { StatusLists } from './status-lists.ts';

/** What is decided about a certificate of ours, why, and by whom. */
export interface StatusDecision {
  readonly status: StatusWord;
  readonly ground: Ground;
  /** 1 to 500 characters. Other regions are told: no word about a person belongs there. */
  readonly reason: string;
  /** Subject of a token; stays here. */
  readonly by: string;
}

/** A certificate as it stands after a decision. */
export type DecidedCertificate = CertificateRecord & {
  /** Whom we told, and whom we could not tell. */
  readonly notices: readonly SentNotice[];
};

export interface DecisionContext {
  /** Our own region. */
  readonly region: string;
  readonly statusLists: Pick<StatusLists, 'mark'>;
  readonly outgoingNotices: Pick<OutgoingNotices, 'tell'>;
  readonly tell: TellCertificateNews;
}

const DECISION = fields({ status: oneOf(...STATUS_WORDS), ground: oneOf(...GROUNDS), reason: text(500) });

/** @throws CodedError VALIDATION_FAILED with every wrong field */
export function demandDecision({ status, ground, reason }: Omit<StatusDecision, 'by'>): void {
  const problems: Problem[] = [];
  DECISION({ status, ground, reason }, '', problems);
  if (ground === 'false-materials' && status !== 'revoked')
    problems.push({ pointer: '/status', code: 'CONFLICT', message: 'must be revoked where materials were false' });
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}

/**
 * Changes the status of a certificate of ours with all that follows: its history, its entry in the status list, the news
 * for the own platforms and the notices to other regions, in one unit of work.
 *
 * @param now milliseconds
 * @throws CodedError NOT_FOUND, CONFLICT
 */
export async function decideStatus(
  tx: Transaction,
  { region, statusLists, outgoingNotices, tell }: DecisionContext,
  identifier: string,
  { status, ground, reason, by }: StatusDecision,
  now: number,
): Promise<DecidedCertificate> {
  const { status: from, statusList } = await library.decided(tx, identifier, region);
  demandChange(from, status);
  // Regions go by this moment: no two decisions about a certificate share it, though the clock may have gone back.
  const at = Math.max(now, (await library.lastChange(tx, identifier)) + 1);
  const change = { from, to: status, ground, reason, by, at };
  const position = await library.decide(tx, { identifier, issuer: region }, change);
  if (statusList) await statusLists.mark(tx, statusList, status);
  const record = (await library.find(tx, identifier, region, now))!;
  const news = { record, text: await library.text(tx, identifier, region), ground };
  await tell(tx, { event: 'status-changed', ...news, from });
  if (ground === 'false-materials') await tell(tx, { event: 'false-materials', ...news });
  return { ...record, notices: await outgoingNotices.tell(tx, record, position) };
}
