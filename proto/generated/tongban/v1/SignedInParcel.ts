// Original file: tongban/v1/case.proto


export interface SignedInParcel {
  'material'?: (string);
  'isComplete'?: (boolean);
  /**
   * Missing pages, another version, damage.
   */
  'remark'?: (string);
}

export interface SignedInParcel__Output {
  'material': (string);
  'isComplete': (boolean);
  /**
   * Missing pages, another version, damage.
   */
  'remark': (string);
}
