// Original file: tongban/v1/data.proto

import type { DataParameter as _tongban_v1_DataParameter, DataParameter__Output as _tongban_v1_DataParameter__Output } from '../../tongban/v1/DataParameter.ts';

export interface DataQuestion {
  /**
   * Code of the item (事项) for which the answer is needed.
   */
  'item'?: (string);
  /**
   * What is asked, by a name that both regions know: real-estate, social-insurance.
   */
  'kind'?: (string);
  'parameters'?: (_tongban_v1_DataParameter)[];
  /**
   * Fields that the asker needs; only those that the authorization allows are answered.
   */
  'fields'?: (string)[];
  /**
   * Why it is asked (用途).
   */
  'purpose'?: (string);
  /**
   * What allows the asker to ask (法律依据).
   */
  'legalBasis'?: (string);
}

export interface DataQuestion__Output {
  /**
   * Code of the item (事项) for which the answer is needed.
   */
  'item': (string);
  /**
   * What is asked, by a name that both regions know: real-estate, social-insurance.
   */
  'kind': (string);
  'parameters': (_tongban_v1_DataParameter__Output)[];
  /**
   * Fields that the asker needs; only those that the authorization allows are answered.
   */
  'fields': (string)[];
  /**
   * Why it is asked (用途).
   */
  'purpose': (string);
  /**
   * What allows the asker to ask (法律依据).
   */
  'legalBasis': (string);
}
