import { PlatformError, type Submission, type SubmissionOutcome, type Submit } from './adapter.ts';

/** Outcomes that say that the whole gateway wants to be left alone for a while. */
export const PAUSING: ReadonlySet<string> = new Set(['BACK_PRESSURE', 'SHUTTING_DOWN']);

/** Longest wait between two tries, in ms. */
const LONGEST_MS = 60_000;

/** Hands a submission in. A rejection is retryable, unless it says otherwise: then it is a refusal. */
export async function outcomeOf(
  submission: Submission,
  submit: Submit,
  signal: AbortSignal,
): Promise<SubmissionOutcome> {
  try {
    return await submit(submission, signal);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.retryable) throw error;
    return { ok: false, code: error.code, message: error.message, problems: [] };
  }
}

/** What a reply to a platform says. */
export function toldOutcome(outcome: SubmissionOutcome): Readonly<Record<string, unknown>> {
  if (outcome.ok) return { ok: true, conversation: outcome.conversation, caseNumber: outcome.caseNumber };
  const { code, message, problems } = outcome;
  return { ok: false, code, message, problems };
}

/**
 * Id by which a repeated reply is known. A refusal has one of its own: what was refused may be taken after all, and readers
 * would pass over the word of it as a repetition.
 *
 * @param key of the submission
 */
export function replyId(key: string, isTaken: boolean): string {
  return isTaken ? key : `${key}-refused`;
}

/** Wait before the next try, in ms: doubled each time, up to a minute. @param tries before this one */
export function backOff(firstMs: number, tries: number): number {
  return Math.min(LONGEST_MS, firstMs * 2 ** Math.min(tries, 10));
}
