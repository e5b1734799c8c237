// Original file: tongban/v1/catalogue.proto

import type { MaterialRule as _tongban_v1_MaterialRule, MaterialRule__Output as _tongban_v1_MaterialRule__Output } from '../../tongban/v1/MaterialRule.ts';
import type { ReviewStep as _tongban_v1_ReviewStep, ReviewStep__Output as _tongban_v1_ReviewStep__Output } from '../../tongban/v1/ReviewStep.ts';
import type { Fee as _tongban_v1_Fee, Fee__Output as _tongban_v1_Fee__Output } from '../../tongban/v1/Fee.ts';

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
  /**
   * What the same item is called elsewhere: national basic code (基本编码), code of the level above, ...
   */
  'otherCodes'?: (string)[];
  /**
   * 事项类型: 行政许可, 行政确认, 公共服务, ...
   */
  'type'?: (string);
  /**
   * 设定依据, one provision each.
   */
  'legalBasis'?: (string)[];
  /**
   * 受理条件, one each.
   */
  'conditions'?: (string)[];
  /**
   * 申报方式: window, online, post, self-service, mobile, ...
   */
  'waysToApply'?: (string)[];
  /**
   * 受理模式.
   */
  'acceptanceMode'?: (string);
  /**
   * 审核程序, in its order.
   */
  'flow'?: (_tongban_v1_ReviewStep)[];
  /**
   * 逾期视为受理: silence until the limit of acceptance counts as acceptance.
   */
  'silenceAccepts'?: (boolean);
  /**
   * 发证方式: window, post, online, locker, ...
   */
  'waysOfIssuing'?: (string)[];
  /**
   * 收费标准; none where the item is free.
   */
  'fees'?: (_tongban_v1_Fee)[];
  /**
   * 缴费渠道.
   */
  'paymentChannels'?: (string)[];
  /**
   * What the applicant fills in (表单): JSON Schema, of the part that docs/items.md lists; empty where any form is taken.
   */
  'formSchema'?: (string);
  /**
   * 结果类型: 证照, 批文, 证明, ...
   */
  'resultTypes'?: (string)[];
  /**
   * Address at which the handling region's own system takes the application (单点登录入口).
   */
  'onlineEntryUrl'?: (string);
  /**
   * Scopes (通办范围) under which it is offered; under all where none is named.
   */
  'scopes'?: (string)[];
  /**
   * P2 远程视频核验: whether a window may see the applicant by video instead of in person.
   */
  'remoteVideo'?: (boolean);
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
  /**
   * What the same item is called elsewhere: national basic code (基本编码), code of the level above, ...
   */
  'otherCodes': (string)[];
  /**
   * 事项类型: 行政许可, 行政确认, 公共服务, ...
   */
  'type': (string);
  /**
   * 设定依据, one provision each.
   */
  'legalBasis': (string)[];
  /**
   * 受理条件, one each.
   */
  'conditions': (string)[];
  /**
   * 申报方式: window, online, post, self-service, mobile, ...
   */
  'waysToApply': (string)[];
  /**
   * 受理模式.
   */
  'acceptanceMode': (string);
  /**
   * 审核程序, in its order.
   */
  'flow': (_tongban_v1_ReviewStep__Output)[];
  /**
   * 逾期视为受理: silence until the limit of acceptance counts as acceptance.
   */
  'silenceAccepts': (boolean);
  /**
   * 发证方式: window, post, online, locker, ...
   */
  'waysOfIssuing': (string)[];
  /**
   * 收费标准; none where the item is free.
   */
  'fees': (_tongban_v1_Fee__Output)[];
  /**
   * 缴费渠道.
   */
  'paymentChannels': (string)[];
  /**
   * What the applicant fills in (表单): JSON Schema, of the part that docs/items.md lists; empty where any form is taken.
   */
  'formSchema': (string);
  /**
   * 结果类型: 证照, 批文, 证明, ...
   */
  'resultTypes': (string)[];
  /**
   * Address at which the handling region's own system takes the application (单点登录入口).
   */
  'onlineEntryUrl': (string);
  /**
   * Scopes (通办范围) under which it is offered; under all where none is named.
   */
  'scopes': (string)[];
  /**
   * P2 远程视频核验: whether a window may see the applicant by video instead of in person.
   */
  'remoteVideo': (boolean);
}
