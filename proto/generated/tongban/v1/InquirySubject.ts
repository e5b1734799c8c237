// Original file: tongban/v1/inquiry.proto


/**
 * A person or organisation, by no more than what names it.
 */
export interface InquirySubject {
  'name'?: (string);
  'documentType'?: (string);
  'documentNumber'?: (string);
}

/**
 * A person or organisation, by no more than what names it.
 */
export interface InquirySubject__Output {
  'name': (string);
  'documentType': (string);
  'documentNumber': (string);
}
