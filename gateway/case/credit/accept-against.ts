import { CodedError, type messages } from '#proto';
import type { CaseFile, KeptCommitment } from '../case-file.ts';
import type { CaseNeighbours, ItemFacts } from '../neighbours.ts';
import { demandCommitted } from '../tolerance/demand-committed.ts';
import type { CheckedCredit } from './credit-check.ts';
import { demandGoodCredit } from './credit-check.ts';

/** What a window sends to accept a case. */
interface AcceptInput {
  readonly handler: messages.Handler;
  readonly commitment?: Omit<KeptCommitment, 'creditWaived'>;
  readonly creditWaived?: string;
}

/** An acceptance that may be written, and what was learned for it; or why not. */
export interface JudgedAcceptance {
  readonly input: object;
  /** To be kept with the case, whatever becomes of the acceptance. */
  readonly checked?: CheckedCredit;
  readonly refusal?: CodedError;
}

/**
 * P8: before a case is accepted against a commitment, the credit platform (A13) is asked about the applicant, outside of any
 * unit of work: it may take its time, or be dead. Nobody is asked where the acceptance would fail anyway, or needs no credit.
 *
 * @throws CodedError ITEM_UNKNOWN, VALIDATION_FAILED
 */
export async function judgeAcceptance(
  file: CaseFile,
  input: object,
  item: ItemFacts | undefined,
  { now, creditOf }: Pick<CaseNeighbours, 'creditOf'> & { readonly now: () => number },
): Promise<JudgedAcceptance> {
  const { handler, commitment, creditWaived = '' } = input as AcceptInput;
  if (!commitment) return { input };
  demandCommitted(file, item, commitment, now());
  const verdict = await creditOf(file.document.applicant);
  const known = verdict ? { checked: { ...verdict, handler, at: now() } } : {};
  const waived = verdict?.result === 'good' ? '' : creditWaived;
  try {
    demandGoodCredit(verdict, waived);
  } catch (error) {
    if (error instanceof CodedError) return { input, ...known, refusal: error };
    throw error;
  }
  return { input: { handler, commitment: { ...commitment, creditWaived: waived } }, ...known };
}
