import { CodedError, type messages } from '#proto';
import type { Transaction } from '../../store/store.ts';
import type { Desk } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { keepNote } from '../notes/keep-note.ts';

/** What a credit platform (信用监管, A13) says of an applicant. */
export interface CreditVerdict {
  readonly result: 'good' | 'restricted' | 'unknown';
  /** Its reason, or why nobody answered; a code without personal data, may be empty. */
  readonly code: string;
  /** Name of the platform in the configuration. */
  readonly source: string;
}

/** An answer that is to be kept with the case. */
export interface CheckedCredit extends CreditVerdict {
  readonly handler: messages.Handler;
  /** When it came, milliseconds. */
  readonly at: number;
}

/**
 * Only who is in good credit (信用良好) is trusted to hand something in later. That nobody can say so may be waived by
 * whoever accepts; that the platform says no, may not.
 *
 * @param verdict undefined where the region has no credit platform
 * @param waived why it does not matter that nobody knows; empty where it does
 * @throws CodedError CREDIT_RESTRICTED, CREDIT_UNKNOWN
 */
export function demandGoodCredit(verdict: CreditVerdict | undefined, waived: string): void {
  if (verdict?.result === 'good') return;
  if (verdict?.result === 'restricted') throw new CodedError('CREDIT_RESTRICTED');
  if (waived === '') throw new CodedError('CREDIT_UNKNOWN');
}

/** Keeps an answer with the case (信用核查), in the caller's unit of work. */
export function keepCheck(
  tx: Transaction,
  file: CaseFile,
  { handler, at, ...data }: CheckedCredit,
  { region, ...desk }: Desk & { readonly region: string },
): Promise<CaseFile> {
  const note = { kind: 'credit-checked', region, by: file.role, handler, at, data, envelope: '' } as const;
  return keepNote(tx, file, { note, now: at }, desk);
}
