// Original file: tongban/v1/case.proto


/**
 * P11: what is said to a rating.
 */
export interface RatingAnswered {
  'answer'?: (string);
}

/**
 * P11: what is said to a rating.
 */
export interface RatingAnswered__Output {
  'answer': (string);
}
