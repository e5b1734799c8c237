// Original file: tongban/v1/exchange.proto


/**
 * State of an evidence log, as a C2SP signed note. Rides beside the traffic, never as a leaf.
 */
export interface Checkpoint {
  'note'?: (string);
  /**
   * Reserved for countersignatures of witnesses.
   */
  'cosignatures'?: (string)[];
}

/**
 * State of an evidence log, as a C2SP signed note. Rides beside the traffic, never as a leaf.
 */
export interface Checkpoint__Output {
  'note': (string);
  /**
   * Reserved for countersignatures of witnesses.
   */
  'cosignatures': (string)[];
}
