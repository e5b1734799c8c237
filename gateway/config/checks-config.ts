import { fields, integer, MAX_ANSWER_SECONDS, optional, type Rule } from '#proto';

/** For how long answers about certificates and data (核验答复) may be used again, and for how long they are kept. */
export interface ChecksConfig {
  /** Seconds that we allow whoever asks us; 0: every question is asked anew, so that a revocation counts at once. */
  readonly answerSeconds: number;
  /** Seconds that we make use of, at most, where the region that answered allows it; 0: we always ask. */
  readonly reuseSeconds: number;
  /** Days for which questions and answers are kept; the evidence log keeps their hashes for ever. */
  readonly keepDays: number;
}

/** The section as the file has it. */
export interface ChecksSection {
  answer_valid_seconds?: number | null;
  reuse_seconds?: number | null;
  keep_days?: number | null;
}

/** A century. */
const MAX_DAYS = 36_500;
const THREE_YEARS = 1095;

const seconds = integer(0, MAX_ANSWER_SECONDS);

/** What the section may say. */
export const checksRule: Rule = fields({
  answer_valid_seconds: optional(seconds),
  reuse_seconds: optional(seconds),
  keep_days: optional(integer(1, MAX_DAYS)),
});

/** The section with its defaults. */
export function checksOf({ answer_valid_seconds, reuse_seconds, keep_days }: ChecksSection): ChecksConfig {
  return {
    answerSeconds: answer_valid_seconds ?? 0,
    reuseSeconds: reuse_seconds ?? 5 * 60,
    keepDays: keep_days ?? THREE_YEARS,
  };
}
