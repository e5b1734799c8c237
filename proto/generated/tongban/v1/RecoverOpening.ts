// Original file: tongban/v1/recovery.proto


export interface RecoverOpening {
  /**
   * Newest state of the caller's log that is held; empty when there is none.
   */
  'heldNote'?: (string);
}

export interface RecoverOpening__Output {
  /**
   * Newest state of the caller's log that is held; empty when there is none.
   */
  'heldNote': (string);
}
