// Original file: tongban/v1/catalogue.proto


/**
 * A step of the review (审核环节).
 */
export interface ReviewStep {
  'name'?: (string);
  /**
   * Working days that it takes; 0 where the item does not say.
   */
  'workingDays'?: (number);
}

/**
 * A step of the review (审核环节).
 */
export interface ReviewStep__Output {
  'name': (string);
  /**
   * Working days that it takes; 0 where the item does not say.
   */
  'workingDays': (number);
}
