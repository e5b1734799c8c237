// Original file: tongban/v1/catalogue.proto

import type { MaterialRule as _tongban_v1_MaterialRule, MaterialRule__Output as _tongban_v1_MaterialRule__Output } from '../../tongban/v1/MaterialRule.ts';

/**
 * One kind of government service (事项).
 */
export interface Item {
  'code'?: (string);
  'name'?: (string);
  'department'?: (string);
  /**
   * person or legal-person.
   */
  'applicant'?: (string);
  'modes'?: (string)[];
  'promisedWorkingDays'?: (number);
  'statutoryWorkingDays'?: (number);
  'materials'?: (_tongban_v1_MaterialRule)[];
  'result'?: (string);
  /**
   * Social credit code of the department with power over the item (事权部门).
   */
  'departmentCode'?: (string);
  /**
   * Working days for deciding on acceptance; 0 for the five days of the law.
   */
  'acceptanceWorkingDays'?: (number);
  /**
   * Whether originals on paper must follow by post.
   */
  'paperOriginals'?: (boolean);
}

/**
 * One kind of government service (事项).
 */
export interface Item__Output {
  'code': (string);
  'name': (string);
  'department': (string);
  /**
   * person or legal-person.
   */
  'applicant': (string);
  'modes': (string)[];
  'promisedWorkingDays': (number);
  'statutoryWorkingDays': (number);
  'materials': (_tongban_v1_MaterialRule__Output)[];
  'result': (string);
  /**
   * Social credit code of the department with power over the item (事权部门).
   */
  'departmentCode': (string);
  /**
   * Working days for deciding on acceptance; 0 for the five days of the law.
   */
  'acceptanceWorkingDays': (number);
  /**
   * Whether originals on paper must follow by post.
   */
  'paperOriginals': (boolean);
}
