import type { messages } from '#proto';
import type { Applicant, CaseDocument, CaseFile, CaseMaterial } from '../case-file.ts';
import type { State } from '../transitions.ts';
import type { PartEvent, PartState, WholeState } from './joint-states.ts';

/** What became of a part at the one hand-over (统一出件). */
export interface PartResult {
  readonly part: string;
  /** State of its case, or `skipped`. */
  readonly outcome: State | 'skipped';
  readonly delivered: boolean;
}

/** Everything about a joint case beyond its row. Moments in milliseconds. */
export interface JointCaseDocument
  extends Pick<CaseDocument, 'applicant' | 'legalBasis' | 'identityCheck' | 'form' | 'handler' | 'materials'> {
  readonly applicant: Applicant;
  /** What single parts ask beyond the common form. */
  readonly forms: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly materials: readonly CaseMaterial[];
  readonly submittedAt?: number;
  /** When the limit for the whole (总时限) runs out. */
  readonly dueAt?: number;
  readonly endedAt?: number;
  /** B6: the part that came to nothing, and took the whole with it. */
  readonly fall?: { readonly part: string; readonly at: number };
  readonly withdrawal?: { readonly handler: messages.Handler; readonly reason: string; readonly at: number };
  readonly handOver?: {
    readonly handler: messages.Handler;
    readonly way: string;
    readonly at: number;
    readonly results: readonly PartResult[];
  };
}

/** A joint case (联办件) or the case of a bundle (一件事), in the books of the lead region alone. */
export interface JointCase {
  readonly conversation: string;
  readonly number: string;
  /** Id of the joint-handling agreement (联办协议) that it follows; empty in a bundle. */
  readonly agreement: string;
  /** Code and version of the bundle that it follows; empty and 0 under an agreement. */
  readonly bundle: string;
  readonly bundleVersion: number;
  readonly state: WholeState;
  readonly document: JointCaseDocument;
  /** Counts every change. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When what is personal in it was erased; absent before. Milliseconds. */
  readonly erasedAt?: number;
}

/** What a whole follows. */
export type WholeKind = 'agreement' | 'bundle';

/** One part of it. Its case has this conversation from the first day, so that opening it twice opens it once. */
export interface JointPartRow {
  readonly part: string;
  readonly conversation: string;
  readonly state: PartState;
  /** Why it could not be opened; empty while nothing is wrong. */
  readonly code: string;
}

/** A part that the state of its case has ended; undefined while it goes on. */
export function endOf({ state, document }: Pick<CaseFile, 'state' | 'document'>): PartEvent | undefined {
  switch (state) {
    case 'issued':
      return 'finish';
    case 'delivered':
    case 'rated':
      return 'deny' in document.steps ? 'fail' : 'finish';
    case 'denied':
    case 'refused':
    case 'sent-back':
    case 'withdrawn':
    case 'revoked':
      return 'fail';
    default:
      return undefined;
  }
}
