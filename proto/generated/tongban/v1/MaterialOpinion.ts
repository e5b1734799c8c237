// Original file: tongban/v1/case.proto


export interface MaterialOpinion {
  /**
   * Name of the material.
   */
  'material'?: (string);
  /**
   * good, wrong or unclear.
   */
  'verdict'?: (string);
  'reason'?: (string);
}

export interface MaterialOpinion__Output {
  /**
   * Name of the material.
   */
  'material': (string);
  /**
   * good, wrong or unclear.
   */
  'verdict': (string);
  'reason': (string);
}
