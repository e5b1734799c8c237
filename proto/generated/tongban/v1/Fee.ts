// Original file: tongban/v1/catalogue.proto


export interface Fee {
  /**
   * 收费项目.
   */
  'name'?: (string);
  /**
   * 收费标准, in words: 每证 10 元.
   */
  'standard'?: (string);
  /**
   * 收费依据.
   */
  'basis'?: (string);
}

export interface Fee__Output {
  /**
   * 收费项目.
   */
  'name': (string);
  /**
   * 收费标准, in words: 每证 10 元.
   */
  'standard': (string);
  /**
   * 收费依据.
   */
  'basis': (string);
}
