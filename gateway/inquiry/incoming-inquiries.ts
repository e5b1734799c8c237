import { CodedError, type messages } from '#proto';
import type { Office } from '../calendar/office.ts';
import type { Incoming } from '../peer/incoming.ts';
import type { Sql, Transaction } from '../store/store.ts';
import type { Inquiry } from './inquiry.ts';
import { oweErasure, scrubInquiry } from './inquiry-erasure.ts';
import { type EmitInquiryNews, writeAndTell } from './inquiry-news.ts';
import { type InquiryRole, nextInquiryState } from './inquiry-states.ts';
import { inquiryTable } from './inquiry-table.ts';

interface HearingOptions {
  readonly office: Office;
  readonly emit: EmitInquiryNews;
  readonly onErasure: () => void;
}

/** Another region asks. @throws CodedError ILLEGAL_TRANSITION when the conversation is an inquiry already */
export async function hearQuestion(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { office, emit }: HearingOptions,
): Promise<void> {
  const asked = payload as messages.InquiryAsked;
  const { number, item, subject, question, legalBasis, handler, askedAt, replyBy } = asked;
  const { conversation, authorizationId } = envelope.header;
  const inquiry: Inquiry = {
    ...{ conversation, number, role: 'asked', peer: peer.region, kind: asked.kind as Inquiry['kind'], item },
    ...{ state: 'open', authorizationId, version: 0 },
    document: { ...(subject && { subject }), question, legalBasis, handler: handler! },
    ...{ askedAt: Math.min(askedAt, receivedAt), replyBy, isLate: false, code: '' },
  };
  if (!(await inquiryTable.insert(tx, inquiry, office)))
    throw new CodedError('ILLEGAL_TRANSITION', 'the conversation is an inquiry already');
  await writeAndTell(tx, inquiry, 'asked', { at: receivedAt, emit });
}

/** The region that we asked answers. @throws CodedError INQUIRY_UNKNOWN, PAYLOAD_INVALID, ILLEGAL_TRANSITION */
export async function hearAnswer(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { emit, onErasure }: HearingOptions,
): Promise<void> {
  const { kind, outcome, answer, answeredAt, handler } = payload as messages.InquiryAnswered;
  const inquiry = await demandInquiry(tx, envelope.header.conversation, peer.region, 'asking');
  if (kind !== inquiry.kind) throw new CodedError('PAYLOAD_INVALID', `the inquiry is no ${kind}`);
  const state = nextInquiryState(inquiry.state, 'answer', 'asked', 'asking');
  const isErased = inquiry.erasedAt !== undefined;
  if (isErased) tx.afterCommit(onErasure);
  // It was taken back meanwhile: what came is not kept.
  if (state !== 'answered') return oweErasure(tx, inquiry.conversation);
  const at = Math.min(answeredAt, receivedAt);
  const isLate = inquiry.isLate || at > inquiry.replyBy;
  const document = { ...inquiry.document, answer: { outcome, answer, handler: handler!, at } };
  const answered = { ...inquiry, state, document, isLate, closedAt: at };
  const written = await writeAndTell(tx, answered, 'answered', { at, emit });
  if (isErased) await scrubInquiry(tx, written, receivedAt);
}

/** The region that asked takes it back: nothing personal of it stays here. @throws CodedError INQUIRY_UNKNOWN, ILLEGAL_TRANSITION */
export async function hearWithdrawal(
  tx: Transaction,
  { envelope, payload, peer, receivedAt }: Incoming,
  { emit, onErasure }: HearingOptions,
): Promise<void> {
  const { reason, withdrawnAt, handler } = payload as messages.InquiryWithdrawn;
  const inquiry = await demandInquiry(tx, envelope.header.conversation, peer.region, 'asked');
  const state = nextInquiryState(inquiry.state, 'withdraw', 'asking', 'asked');
  const at = Math.min(withdrawnAt, receivedAt);
  const document = { ...inquiry.document, withdrawal: { reason, handler: handler!, at } };
  const withdrawn = { ...inquiry, state, document, closedAt: at };
  tx.afterCommit(onErasure);
  await scrubInquiry(tx, await writeAndTell(tx, withdrawn, 'withdrawn', { at, emit }), receivedAt);
}

async function demandInquiry(sql: Sql, conversation: string, peer: string, role: InquiryRole): Promise<Inquiry> {
  const inquiry = await inquiryTable.find(sql, conversation);
  if (inquiry?.peer !== peer || inquiry.role !== role) throw new CodedError('INQUIRY_UNKNOWN');
  return inquiry;
}
