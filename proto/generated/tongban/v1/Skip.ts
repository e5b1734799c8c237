// Original file: tongban/v1/system.proto


/**
 * Takes the place of an envelope that expired unanswered: same conversation and sequence, new id.
 */
export interface Skip {
  'expiredEnvelopeId'?: (string);
}

/**
 * Takes the place of an envelope that expired unanswered: same conversation and sequence, new id.
 */
export interface Skip__Output {
  'expiredEnvelopeId': (string);
}
