import type { InquiryKind } from '#proto';
import type { Transaction } from '../store/store.ts';
import type { Inquiry } from './inquiry.ts';
import type { InquiryRole, InquiryState } from './inquiry-states.ts';
import { inquiryTable } from './inquiry-table.ts';

/** What can be told of an inquiry. */
export const INQUIRY_NEWS = {
  asked: { zh: '协查、咨询已发出或收到', en: 'an inquiry was sent or has come' },
  answered: { zh: '协查、咨询已答复', en: 'an inquiry was answered' },
  withdrawn: { zh: '协查、咨询已撤回', en: 'an inquiry was taken back' },
  rejected: { zh: '对方未接受协查、咨询', en: 'the other region did not take an inquiry' },
  'reply-warning': { zh: '答复期限即将届满', en: 'the answer to an inquiry is due soon' },
  'reply-overdue': { zh: '答复期限已届满', en: 'the answer to an inquiry is overdue' },
} as const;

/** An event of an inquiry for the local platform. Carries no personal data: the platform reads the inquiry by the API. */
export interface InquiryNews {
  readonly conversation: string;
  readonly number: string;
  readonly peer: string;
  readonly kind: InquiryKind;
  /** Our part in it. */
  readonly role: InquiryRole;
  readonly event: keyof typeof INQUIRY_NEWS;
  readonly state: InquiryState;
  /** Milliseconds. */
  readonly replyBy: number;
  readonly at: number;
  /** Only with `rejected`. */
  readonly code?: string;
}

export type EmitInquiryNews = (tx: Transaction, news: InquiryNews) => Promise<void>;

/** The news of an inquiry as it now stands. */
export function inquiryNewsOf(inquiry: Inquiry, event: InquiryNews['event'], at: number): InquiryNews {
  const { conversation, number, peer, kind, role, state, replyBy, code } = inquiry;
  const told = { conversation, number, peer, kind, role, event, state, replyBy, at };
  return event === 'rejected' ? { ...told, code } : told;
}

/** Writes a change of an inquiry and tells the platforms, in the caller's unit of work. */
export async function writeAndTell(
  tx: Transaction,
  changed: Inquiry,
  event: InquiryNews['event'],
  { at, emit }: { readonly at: number; readonly emit: EmitInquiryNews },
): Promise<Inquiry> {
  const written = { ...changed, version: changed.version + 1 };
  await inquiryTable.update(tx, written);
  await emit(tx, inquiryNewsOf(written, event, at));
  return written;
}
