// Original file: tongban/v1/case.proto


/**
 * P11 事后回访.
 */
export interface FollowedUp {
  'satisfied'?: (boolean);
  'remark'?: (string);
}

/**
 * P11 事后回访.
 */
export interface FollowedUp__Output {
  'satisfied': (boolean);
  'remark': (string);
}
