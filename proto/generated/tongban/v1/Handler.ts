// Original file: tongban/v1/case.proto


/**
 * Who did it, so that responsibility can be traced (责任追溯).
 */
export interface Handler {
  'organisation'?: (string);
  'window'?: (string);
  /**
   * Staff id (工号), never a name.
   */
  'staff'?: (string);
}

/**
 * Who did it, so that responsibility can be traced (责任追溯).
 */
export interface Handler__Output {
  'organisation': (string);
  'window': (string);
  /**
   * Staff id (工号), never a name.
   */
  'staff': (string);
}
