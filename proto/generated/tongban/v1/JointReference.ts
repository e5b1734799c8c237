// Original file: tongban/v1/case.proto


/**
 * M3: which part of which joint case this is. Nothing of the other parts.
 */
export interface JointReference {
  /**
   * UUID of the joint-handling agreement (联办协议).
   */
  'agreementId'?: (string);
  /**
   * Part (分工) by its id in the agreement.
   */
  'part'?: (string);
  /**
   * Number of the joint case (联办件编号) at the lead region.
   */
  'jointNumber'?: (string);
}

/**
 * M3: which part of which joint case this is. Nothing of the other parts.
 */
export interface JointReference__Output {
  /**
   * UUID of the joint-handling agreement (联办协议).
   */
  'agreementId': (string);
  /**
   * Part (分工) by its id in the agreement.
   */
  'part': (string);
  /**
   * Number of the joint case (联办件编号) at the lead region.
   */
  'jointNumber': (string);
}
