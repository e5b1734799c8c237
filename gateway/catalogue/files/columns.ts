/** How a cell is read and written. */
export type CellKind = 'text' | 'number' | 'flag' | 'words' | 'lines' | 'flow' | 'fees' | 'form' | 'materials';

/** A column of a table of items or of materials. */
export interface Column {
  /** Member of the item as files name it; also a name of the column. */
  readonly member: string;
  /** Name of the column. */
  readonly zh: string;
  readonly kind: CellKind;
  /** What people write for the words that the program keeps. */
  readonly words?: Readonly<Record<string, string>>;
  /** Whether the table must have it. */
  readonly isRequired?: boolean;
}

const MODES = { 全程网办: 'online', 异地代收代办: 'agency', 代收代办: 'agency', 多地联办: 'joint', 直接通办: 'direct' };
const APPLICANTS = { 个人: 'person', 自然人: 'person', 法人: 'legal-person', 企业: 'legal-person' };
const WAYS_TO_APPLY = { 窗口: 'window', 网上: 'online', 邮寄: 'post', 自助终端: 'self-service', 移动端: 'mobile' };
const WAYS_OF_ISSUING = { 窗口: 'window', 邮寄: 'post', 网上: 'online', 自助柜: 'locker' };

/** The item columns, in the order in which a file is written. */
export const ITEM_COLUMNS: readonly Column[] = [
  { member: 'code', zh: '事项编码', kind: 'text', isRequired: true },
  { member: 'name', zh: '事项名称', kind: 'text', isRequired: true },
  { member: 'other_codes', zh: '其他编码', kind: 'words' },
  { member: 'type', zh: '事项类型', kind: 'text' },
  { member: 'department', zh: '实施部门', kind: 'text', isRequired: true },
  { member: 'department_code', zh: '部门统一社会信用代码', kind: 'text' },
  { member: 'applicant', zh: '申请人', kind: 'text', words: APPLICANTS, isRequired: true },
  { member: 'modes', zh: '通办模式', kind: 'words', words: MODES, isRequired: true },
  { member: 'scopes', zh: '通办范围', kind: 'words' },
  { member: 'legal_basis', zh: '设定依据', kind: 'lines' },
  { member: 'conditions', zh: '受理条件', kind: 'lines' },
  { member: 'ways_to_apply', zh: '申报方式', kind: 'words', words: WAYS_TO_APPLY },
  { member: 'acceptance_mode', zh: '受理模式', kind: 'text' },
  { member: 'flow', zh: '审核程序', kind: 'flow' },
  { member: 'statutory_working_days', zh: '法定办结时限', kind: 'number' },
  { member: 'promised_working_days', zh: '承诺办结时限', kind: 'number', isRequired: true },
  { member: 'acceptance_working_days', zh: '受理时限', kind: 'number' },
  { member: 'silence_accepts', zh: '逾期视为受理', kind: 'flag' },
  { member: 'remote_video', zh: '可远程视频核验', kind: 'flag' },
  { member: 'materials', zh: '申请材料', kind: 'materials' },
  { member: 'paper_originals', zh: '须寄纸质原件', kind: 'flag' },
  { member: 'form', zh: '申请表单', kind: 'form' },
  { member: 'fees', zh: '收费标准', kind: 'fees' },
  { member: 'payment_channels', zh: '缴费渠道', kind: 'words' },
  { member: 'ways_of_issuing', zh: '发证方式', kind: 'words', words: WAYS_OF_ISSUING },
  { member: 'result', zh: '办理结果', kind: 'text', isRequired: true },
  { member: 'result_types', zh: '结果类型', kind: 'words' },
  { member: 'online_entry_url', zh: '网办入口', kind: 'text' },
];

/** The columns of a sheet of materials; its first names the item. */
export const MATERIAL_COLUMNS: readonly Column[] = [
  { member: 'item', zh: '事项编码', kind: 'text', isRequired: true },
  { member: 'name', zh: '材料名称', kind: 'text', isRequired: true },
  { member: 'original_to_be_checked', zh: '核验原件', kind: 'flag' },
  { member: 'may_follow_later', zh: '可否容缺', kind: 'flag' },
  { member: 'specification', zh: '材料规格', kind: 'text' },
  { member: 'originals', zh: '原件份数', kind: 'number' },
  { member: 'copies', zh: '复印件份数', kind: 'number' },
  { member: 'blank_form', zh: '空白表格', kind: 'text' },
  { member: 'sample_form', zh: '示例样表', kind: 'text' },
];
