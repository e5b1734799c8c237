// Original file: tongban/v1/data.proto


/**
 * What tells the record that is asked for from all others.
 */
export interface DataParameter {
  'name'?: (string);
  /**
   * text, number, date, citizen-number or social-credit-code: the value must be one.
   */
  'type'?: (string);
  'value'?: (string);
}

/**
 * What tells the record that is asked for from all others.
 */
export interface DataParameter__Output {
  'name': (string);
  /**
   * text, number, date, citizen-number or social-credit-code: the value must be one.
   */
  'type': (string);
  'value': (string);
}
