// Original file: tongban/v1/case.proto


/**
 * P14 转办: within the handling region another department has the case now.
 */
export interface PassedOn {
  'department'?: (string);
  /**
   * Social credit code.
   */
  'departmentCode'?: (string);
  'reason'?: (string);
}

/**
 * P14 转办: within the handling region another department has the case now.
 */
export interface PassedOn__Output {
  'department': (string);
  /**
   * Social credit code.
   */
  'departmentCode': (string);
  'reason': (string);
}
