// Original file: tongban/v1/case.proto


/**
 * The person or organisation that applies.
 */
export interface Applicant {
  /**
   * person or legal-person.
   */
  'kind'?: (string);
  'name'?: (string);
  /**
   * citizen-number, social-credit-code, passport, ...
   */
  'documentType'?: (string);
  'documentNumber'?: (string);
  'mobile'?: (string);
  'address'?: (string);
}

/**
 * The person or organisation that applies.
 */
export interface Applicant__Output {
  /**
   * person or legal-person.
   */
  'kind': (string);
  'name': (string);
  /**
   * citizen-number, social-credit-code, passport, ...
   */
  'documentType': (string);
  'documentNumber': (string);
  'mobile': (string);
  'address': (string);
}
