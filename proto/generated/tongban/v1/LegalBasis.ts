// Original file: tongban/v1/case.proto

import type { Consent as _tongban_v1_Consent, Consent__Output as _tongban_v1_Consent__Output } from '../../tongban/v1/Consent.ts';

/**
 * On what the handling of personal data rests (个人信息保护法第十三条).
 */
export interface LegalBasis {
  /**
   * statutory-duty, consent, contract or emergency.
   */
  'kind'?: (string);
  /**
   * The clause, or what was agreed to. Never says who anybody is.
   */
  'text'?: (string);
  /**
   * For the kind consent (第十四条、第十七条).
   */
  'consent'?: (_tongban_v1_Consent | null);
}

/**
 * On what the handling of personal data rests (个人信息保护法第十三条).
 */
export interface LegalBasis__Output {
  /**
   * statutory-duty, consent, contract or emergency.
   */
  'kind': (string);
  /**
   * The clause, or what was agreed to. Never says who anybody is.
   */
  'text': (string);
  /**
   * For the kind consent (第十四条、第十七条).
   */
  'consent': (_tongban_v1_Consent__Output | null);
}
