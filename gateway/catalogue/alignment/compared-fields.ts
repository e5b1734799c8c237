import type { FormSchema, messages } from '#proto';

/** Whose part it is to change, where one of the two would make it easier for applicants. */
export type Lighter = 'more' | 'fewer' | 'agree';

/** A property of an item that is one value. */
interface ValueField {
  readonly kind: 'text' | 'number' | 'flag';
  readonly value: (item: messages.Item) => string | number | boolean;
}

/** A property of an item that is a list. */
interface ListField {
  readonly kind: 'list';
  readonly value: (item: messages.Item) => readonly string[];
}

/** A property of items that two regions compare (事项要素). */
export type ComparedField = {
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  /** Which side is easier for applicants: the one with more, with fewer, or only the regions can say. */
  readonly lighter: Lighter;
  /** Whether it stands in the list by which a window takes applications in (收件清单). */
  readonly isInList?: boolean;
} & (ValueField | ListField);

/** Working days within which acceptance is decided where the item says nothing (行政许可法第三十二条). */
const ACCEPTANCE_DAYS = 5;

/** What is compared beside the materials, in the order of the report. */
export const COMPARED_FIELDS: readonly ComparedField[] = [
  { field: 'name', zh: '事项名称', en: 'name', lighter: 'agree', kind: 'text', value: ({ name }) => name },
  { field: 'type', zh: '事项类型', en: 'type', lighter: 'agree', kind: 'text', value: ({ type }) => type },
  {
    field: 'applicant',
    zh: '申请人',
    en: 'applicant',
    lighter: 'agree',
    kind: 'text',
    value: ({ applicant }) => applicant,
  },
  { field: 'modes', zh: '通办模式', en: 'modes', lighter: 'more', kind: 'list', value: ({ modes }) => modes },
  {
    field: 'legal_basis',
    zh: '设定依据',
    en: 'legal basis',
    lighter: 'agree',
    kind: 'list',
    value: ({ legalBasis }) => legalBasis,
  },
  {
    field: 'conditions',
    zh: '受理条件',
    en: 'conditions',
    lighter: 'agree',
    isInList: true,
    kind: 'list',
    value: ({ conditions }) => conditions,
  },
  {
    field: 'ways_to_apply',
    zh: '申报方式',
    en: 'ways to apply',
    lighter: 'more',
    kind: 'list',
    value: ({ waysToApply }) => waysToApply,
  },
  {
    field: 'acceptance_mode',
    zh: '受理模式',
    en: 'acceptance mode',
    lighter: 'agree',
    kind: 'text',
    value: ({ acceptanceMode }) => acceptanceMode,
  },
  {
    field: 'flow',
    zh: '审核程序',
    en: 'review procedure',
    lighter: 'agree',
    kind: 'list',
    value: ({ flow }) => flow.map(({ name }) => name),
  },
  {
    field: 'promised_working_days',
    zh: '承诺办结时限(工作日)',
    en: 'promised limit (working days)',
    lighter: 'fewer',
    kind: 'number',
    value: (item) => item.promisedWorkingDays,
  },
  {
    field: 'statutory_working_days',
    zh: '法定办结时限(工作日)',
    en: 'statutory limit (working days)',
    lighter: 'agree',
    kind: 'number',
    value: (item) => item.statutoryWorkingDays,
  },
  {
    field: 'acceptance_working_days',
    zh: '受理时限(工作日)',
    en: 'limit of acceptance (working days)',
    lighter: 'fewer',
    kind: 'number',
    value: (item) => item.acceptanceWorkingDays || ACCEPTANCE_DAYS,
  },
  {
    field: 'silence_accepts',
    zh: '逾期视为受理',
    en: 'silence counts as acceptance',
    lighter: 'more',
    kind: 'flag',
    value: (item) => item.silenceAccepts,
  },
  {
    field: 'remote_video',
    zh: '可远程视频核验',
    en: 'applicant may be seen by video',
    lighter: 'more',
    kind: 'flag',
    value: (item) => item.remoteVideo,
  },
  {
    field: 'paper_originals',
    zh: '须寄纸质原件',
    en: 'paper originals by post',
    lighter: 'fewer',
    isInList: true,
    kind: 'flag',
    value: (item) => item.paperOriginals,
  },
  { field: 'form', zh: '申请表单', en: 'form', lighter: 'agree', isInList: true, kind: 'list', value: formFields },
  {
    field: 'fees',
    zh: '收费标准',
    en: 'fees',
    lighter: 'agree',
    kind: 'list',
    value: ({ fees }) => fees.map(({ name, standard }) => `${name} ${standard}`),
  },
  {
    field: 'payment_channels',
    zh: '缴费渠道',
    en: 'payment channels',
    lighter: 'more',
    kind: 'list',
    value: ({ paymentChannels }) => paymentChannels,
  },
  {
    field: 'ways_of_issuing',
    zh: '发证方式',
    en: 'ways of issuing',
    lighter: 'more',
    kind: 'list',
    value: ({ waysOfIssuing }) => waysOfIssuing,
  },
  { field: 'result', zh: '办理结果', en: 'result', lighter: 'agree', kind: 'text', value: ({ result }) => result },
  {
    field: 'result_types',
    zh: '结果类型',
    en: 'result types',
    lighter: 'agree',
    kind: 'list',
    value: ({ resultTypes }) => resultTypes,
  },
];

/** A property of a material (材料) that both regions demand. */
export interface ComparedMark {
  readonly field: string;
  readonly zh: string;
  readonly en: string;
  readonly lighter: Lighter;
  readonly value: (rule: messages.MaterialRule) => string | number | boolean;
}

export const COMPARED_MARKS: readonly ComparedMark[] = [
  { field: 'originals', zh: '原件份数', en: 'originals', lighter: 'fewer', value: ({ originals }) => originals },
  { field: 'copies', zh: '复印件份数', en: 'copies', lighter: 'fewer', value: ({ copies }) => copies },
  {
    field: 'original_to_be_checked',
    zh: '核验原件',
    en: 'original to be checked',
    lighter: 'agree',
    value: (rule) => rule.originalToBeChecked,
  },
  {
    field: 'may_follow_later',
    zh: '可否容缺',
    en: 'may follow later',
    lighter: 'more',
    value: (rule) => rule.mayFollowLater,
  },
  {
    field: 'specification',
    zh: '材料规格',
    en: 'specification',
    lighter: 'agree',
    value: ({ specification }) => specification,
  },
];

function formFields({ formSchema }: messages.Item): string[] {
  if (formSchema === '') return [];
  const { properties, required = [] } = JSON.parse(formSchema) as FormSchema;
  return Object.entries(properties).map(([name, { title }]) => `${title ?? name}${required.includes(name) ? '*' : ''}`);
}
