// Original file: tongban/v1/authorization.proto


export interface Contact {
  'name'?: (string);
  /**
   * What the person answers for, such as 业务联系人.
   */
  'role'?: (string);
  'phone'?: (string);
  'email'?: (string);
}

export interface Contact__Output {
  'name': (string);
  /**
   * What the person answers for, such as 业务联系人.
   */
  'role': (string);
  'phone': (string);
  'email': (string);
}
