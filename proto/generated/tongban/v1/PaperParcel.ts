// Original file: tongban/v1/case.proto


export interface PaperParcel {
  /**
   * Name of the material.
   */
  'material'?: (string);
  'copies'?: (number);
}

export interface PaperParcel__Output {
  /**
   * Name of the material.
   */
  'material': (string);
  'copies': (number);
}
