import { type Static, Type } from '@fastify/type-provider-typebox';
import { INQUIRY_KINDS, INQUIRY_OUTCOMES, identityDocumentTypes } from '#proto';
import { INQUIRY_ROLES, INQUIRY_STATES, type InquiryState } from '../../inquiry/inquiry-states.ts';
import { CLOSED, Handler, instant, words } from './schemas.ts';

const OUTCOMES = [...new Set(Object.values(INQUIRY_OUTCOMES).flat())];

export const InquiryKindWord = words(INQUIRY_KINDS, '协查确认或业务咨询 / verification or consultation');
export const InquiryRoleWord = words(INQUIRY_ROLES, '询问方或被询问方 / whether we asked or are asked');
export const InquiryStateWord = words(Object.keys(INQUIRY_STATES) as InquiryState[], '状态 / state');

const Label = Type.Object({ zh: Type.String(), en: Type.String() });
const documentType = words(identityDocumentTypes, '证件类型 / type of document');

const outline = {
  conversation: Type.String({ description: '会话号,两地相同 / key of the inquiry, the same in both regions' }),
  number: Type.String({ description: '协查函号,由询问方编 / number that the asking region gave it' }),
  role: InquiryRoleWord,
  peer: Type.String({ description: '对方地区 / other region' }),
  kind: InquiryKindWord,
  item: Type.String({ description: '事项编码,可为空 / item code, may be empty' }),
  state: InquiryStateWord,
  stateLabel: Label,
  askedAt: instant('询问时间 / when it was asked'),
  replyBy: instant('答复期限 / until when an answer is wanted'),
  isLate: Type.Boolean({ description: '逾期 / the answer was, or is, overdue' }),
  closedAt: Type.Optional(instant('答复或撤回 / answered or taken back')),
  erasedAt: Type.Optional(instant('删除个人信息 / when its personal data was erased')),
  code: Type.Optional(Type.String({ description: '对方拒收的代码 / why the other region did not take our message' })),
  version: Type.Integer({ description: '每次变更加一 / counts every change' }),
  subject: Type.Optional(
    Type.Object(
      { name: Type.String(), documentType: Type.String(), documentNumber: Type.String() },
      { description: '协查对象 / whom a verification is about' },
    ),
  ),
};

/** An inquiry in a list: whom it is about stays masked. */
export const InquirySummaryJson = Type.Object(outline);

export const InquiryJson = Type.Object({
  ...outline,
  masked: Type.Boolean({ description: '已脱敏 / personal data is masked: say what for to see it' }),
  question: Type.String({ description: '所询内容 / what is asked' }),
  legalBasis: Type.String({ description: '依据 / clause on which it rests' }),
  handler: Handler,
  answer: Type.Optional(
    Type.Object({
      outcome: Type.String({ description: OUTCOMES.join(', ') }),
      answer: Type.String({ description: '答复 / the answer' }),
      handler: Handler,
      at: instant('答复时间 / when'),
    }),
  ),
  withdrawal: Type.Optional(
    Type.Object({ reason: Type.String(), handler: Handler, at: instant('撤回时间 / when') }, { description: '撤回' }),
  ),
});
export type InquiryJson = Static<typeof InquiryJson>;

/** What a window sends to ask another region. */
export const QuestionJson = Type.Object(
  {
    region: Type.String({ description: '被询问地区 / region that is asked' }),
    kind: InquiryKindWord,
    item: Type.Optional(Type.String({ description: '事项编码,协查必填 / item code; a verification needs it' })),
    subject: Type.Optional(
      Type.Object(
        { name: Type.String(), documentType, documentNumber: Type.String() },
        { ...CLOSED, description: '协查对象,协查必填,咨询不填 / a verification needs it, a consultation names nobody' },
      ),
    ),
    question: Type.String({ description: '所询内容,2000 字内,不写协查对象以外的个人信息 / nothing personal in it' }),
    legalBasis: Type.Optional(Type.String({ description: '依据,协查必填 / a verification needs it' })),
    replyWorkingDays: Type.Optional(Type.Integer({ description: '几个工作日内答复,1–60,默认 5 / for the answer' })),
    handler: Handler,
  },
  CLOSED,
);

export const AnswerJson = Type.Object(
  {
    outcome: words(OUTCOMES, '协查:confirmed、refuted、unknown;咨询:answered、unknown / outcome'),
    answer: Type.String({ description: '答复,2000 字内,不写个人信息 / nothing personal in it' }),
    handler: Handler,
  },
  CLOSED,
);

export const WithdrawalJson = Type.Object(
  {
    reason: Type.String({ description: '理由,长期保存,不写个人信息 / kept for good: nothing personal' }),
    handler: Handler,
  },
  CLOSED,
);
