import type { InquiryKind, messages } from '#proto';
import type { InquiryRole, InquiryState } from './inquiry-states.ts';

/** What was answered (答复). */
export interface InquiryAnswer {
  /** confirmed, refuted or unknown; answered or unknown for a consultation. */
  readonly outcome: string;
  readonly answer: string;
  readonly handler: messages.Handler;
  /** Milliseconds. */
  readonly at: number;
}

/** Why it was taken back (撤回). */
export interface InquiryWithdrawal {
  readonly reason: string;
  readonly handler: messages.Handler;
  /** Milliseconds. */
  readonly at: number;
}

/** What an inquiry says; empty texts where it was erased. */
export interface InquiryDocument {
  /** Whom a verification is about. */
  readonly subject?: messages.InquirySubject;
  readonly question: string;
  readonly legalBasis: string;
  readonly handler: messages.Handler;
  readonly answer?: InquiryAnswer;
  readonly withdrawal?: InquiryWithdrawal;
}

/** P15: an inquiry between two regions that belongs to no case (协查确认、业务咨询), as one of them keeps it. Moments in milliseconds. */
export interface Inquiry {
  readonly conversation: string;
  /** Number that the asking region gave it. */
  readonly number: string;
  /** Our part in it. */
  readonly role: InquiryRole;
  readonly peer: string;
  readonly kind: InquiryKind;
  /** Empty where a consultation names none. */
  readonly item: string;
  readonly state: InquiryState;
  readonly authorizationId: string;
  /** Counts every change. */
  readonly version: number;
  readonly document: InquiryDocument;
  readonly askedAt: number;
  readonly replyBy: number;
  /** The answer was due before it was there. */
  readonly isLate: boolean;
  /** When it was answered, withdrawn or rejected. */
  readonly closedAt?: number;
  readonly erasedAt?: number;
  /** Code with which the other region did not take our last message; empty when it did. */
  readonly code: string;
}
