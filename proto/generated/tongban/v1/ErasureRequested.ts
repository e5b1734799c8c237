// Original file: tongban/v1/case.proto


/**
 * A region has erased the personal data of the case, or is about to, and asks the other to do the same (删除请求).
 */
export interface ErasureRequested {
  /**
   * applicant-request, consent-withdrawn, purpose-over, unlawful or sent-by-mistake (误发撤回).
   */
  'ground'?: (string);
  /**
   * Never says who anybody is: it outlives the erasure.
   */
  'reason'?: (string);
}

/**
 * A region has erased the personal data of the case, or is about to, and asks the other to do the same (删除请求).
 */
export interface ErasureRequested__Output {
  /**
   * applicant-request, consent-withdrawn, purpose-over, unlawful or sent-by-mistake (误发撤回).
   */
  'ground': (string);
  /**
   * Never says who anybody is: it outlives the erasure.
   */
  'reason': (string);
}
