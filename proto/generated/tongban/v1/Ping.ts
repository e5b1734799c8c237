// Original file: tongban/v1/system.proto


/**
 * Proves the whole way of an envelope: accepted, logged and receipted like any other.
 */
export interface Ping {
  'note'?: (string);
}

/**
 * Proves the whole way of an envelope: accepted, logged and receipted like any other.
 */
export interface Ping__Output {
  'note': (string);
}
