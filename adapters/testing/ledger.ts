import type { Submission, SubmissionFile, SubmissionOutcome, Submit } from '../adapter.ts';

/**
 * A gateway as far as a source can see it: remembers what every key led to. `answers` are used up one by one before the
 * ordinary verdict: an outcome, or an action in the place of one.
 */
export class Ledger {
  /** Submissions that had an effect, by key. */
  readonly cases = new Map<string, Submission>();
  /** Every call, in order. */
  readonly calls: Submission[] = [];
  readonly answers: (SubmissionOutcome | Submit)[] = [];
  /** Most calls that were under way at once. */
  most = 0;
  #running = 0;

  readonly submit: Submit = async (submission, signal) => {
    this.calls.push(submission);
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    try {
      const answer = this.answers.shift() ?? this.accept;
      return typeof answer === 'function' ? await answer(submission, signal) : answer;
    } finally {
      this.#running -= 1;
    }
  };

  /** Accepts once by key; refuses what has problems, and bodies that say `refuse`. */
  readonly accept: Submit = async (submission) => {
    if (submission.problems.length > 0) return { ...REFUSED, problems: submission.problems };
    if ((bodyOf(submission) as { refuse?: boolean } | undefined)?.refuse) return REFUSED;
    if (!this.cases.has(submission.key)) this.cases.set(submission.key, submission);
    const number = [...this.cases.keys()].indexOf(submission.key) + 1;
    return { ok: true, conversation: `conversation-${number}`, caseNumber: `320600-2026-${number}` };
  };
}

/** The case that a submission opens. */
export function bodyOf({ wishes: [wish] }: Submission): unknown {
  return wish?.do === 'open' ? wish.body : undefined;
}

/** The files of the case that a submission opens. */
export function filesOf({ wishes: [wish] }: Submission): readonly SubmissionFile[] {
  return wish?.do === 'open' ? wish.files : [];
}

export const REFUSED: SubmissionOutcome = {
  ok: false,
  code: 'VALIDATION_FAILED',
  message: 'two fields are wrong',
  problems: [
    { pointer: '/applicant/number', code: 'IDENTIFIER', message: 'has a wrong check digit' },
    { pointer: '/item', code: 'REQUIRED', message: 'is required' },
  ],
};

export function tryAgain(code: 'BACK_PRESSURE' | 'SHUTTING_DOWN' | 'INTERNAL'): SubmissionOutcome {
  return { ok: false, code, message: 'not now', problems: [] };
}
