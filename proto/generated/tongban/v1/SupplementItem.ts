// Original file: tongban/v1/case.proto


export interface SupplementItem {
  'material'?: (string);
  'reason'?: (string);
  'legalBasis'?: (string);
}

export interface SupplementItem__Output {
  'material': (string);
  'reason': (string);
  'legalBasis': (string);
}
