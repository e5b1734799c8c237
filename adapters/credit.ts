/** A question about somebody who applies (信用核查). Holds personal data. */
export interface CreditQuery {
  /** Stable: the same when the same question comes again. */
  readonly id: string;
  /** citizen-number, social-credit-code, passport, … */
  readonly documentType: string;
  readonly documentNumber: string;
  readonly name: string;
}

/** The words of a credit platform: 信用良好, 信用受限 (such as 失信联合惩戒对象), 查无结论. */
export const CREDIT_RESULTS = ['good', 'restricted', 'unknown'] as const;

export interface CreditFinding {
  readonly result: (typeof CREDIT_RESULTS)[number];
  /** The platform's own code for why; letters, digits, `.`, `_` and `-`, may be empty. Never personal data. */
  readonly code: string;
}

/**
 * Port to the credit platform (信用监管, A13) of the own region.
 *
 * The caller asks only about people and organisations that apply, and takes a failure for `unknown`. In return an
 * implementation
 * - says `good` or `restricted` only when the platform said so;
 * - changes nothing at the platform, which may get the same question twice;
 * - gives up within a time of its own, and soon after `signal` aborts;
 * - logs nothing of a query or a finding.
 */
export interface CreditSource {
  /** @throws PlatformError, and nothing else; retryable when asking again can help */
  check(query: CreditQuery, signal: AbortSignal): Promise<CreditFinding>;
}
