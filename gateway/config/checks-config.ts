import { fields, integer, MAX_ANSWER_SECONDS, optional, type Rule } from '#proto';

/** For how long answers about certificates and data (核验答复) may be used again. */
export interface ChecksConfig {
  /** Seconds that we allow whoever asks us; 0: every question is asked anew, so that a revocation counts at once. */
  readonly answerSeconds: number;
  /** Seconds that we make use of, at most, where the region that answered allows it; 0: we always ask. */
  readonly reuseSeconds: number;
}

/** The section as the file has it. */
export interface ChecksSection {
  answer_valid_seconds?: number | null;
  reuse_seconds?: number | null;
}

const seconds = integer(0, MAX_ANSWER_SECONDS);

/** What the section may say. */
export const checksRule: Rule = fields({ answer_valid_seconds: optional(seconds), reuse_seconds: optional(seconds) });

/** The section with its defaults. */
export function checksOf({ answer_valid_seconds, reuse_seconds }: ChecksSection): ChecksConfig {
  return { answerSeconds: answer_valid_seconds ?? 0, reuseSeconds: reuse_seconds ?? 5 * 60 };
}
