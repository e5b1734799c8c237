// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * P9: the electronic certificate (电子证照) is handed to the receiving region.
 */
export interface ResultIssued {
  /**
   * SD-JWT with all disclosures that the authorization allows.
   */
  'certificate'?: (string);
  /**
   * Certificate identifier (电子证照标识).
   */
  'certificateIdentifier'?: (string);
  'typeName'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P9: the electronic certificate (电子证照) is handed to the receiving region.
 */
export interface ResultIssued__Output {
  /**
   * SD-JWT with all disclosures that the authorization allows.
   */
  'certificate': (string);
  /**
   * Certificate identifier (电子证照标识).
   */
  'certificateIdentifier': (string);
  'typeName': (string);
  'handler': (_tongban_v1_Handler__Output | null);
}
