import { type Static, Type } from '@fastify/type-provider-typebox';
import { CONSENT_WAYS, IDENTITY_CHECK_WAYS, LEGAL_BASES, MODES } from '#proto';
import { LIMIT_KINDS, type LimitName } from '../../case/limits/limit-names.ts';
import { FREE_NOTES, NOTE_NAMES } from '../../case/notes/notes.ts';
import { EVENTS, type Event, STATES, type State } from '../../case/transitions.ts';
import { SEAL_RESULTS, type SealWord } from '../../document/seal-result.ts';
import { SCAN_STATES } from '../../scan/scan-table.ts';
import { Digest, Handler, instant, words } from './schemas.ts';

export const StateWord = words(Object.keys(STATES) as State[], '状态 / state');
const NoteWord = words(NOTE_NAMES, '随件登记的种类 / kind of note');
export const FreeNoteWord = words(FREE_NOTES, '随件登记的种类 / kind of note');
export const EventWord = words(Object.keys(EVENTS) as Event[], '动作 / act');

/** What the seals of a material were found to be when it came. */
const SealsJson = Type.Object(
  {
    result: words(Object.keys(SEAL_RESULTS) as SealWord[], '结果 / in one word'),
    zh: Type.String(),
    en: Type.String(),
    verdict: Type.Optional(Type.String({ description: '核验报告的结论 / verdict of the report' })),
    code: Type.Optional(Type.String({ description: '未能核验的原因 / why there is no report' })),
    by: Type.Array(Type.String(), { description: '印章或签名上的名称 / names that the seals bear' }),
    at: instant('核验时间 / when'),
  },
  {
    description:
      '收到时的签章核验,OFD、PDF 材料才有 / examination of an OFD or PDF when it came; the report is made anew',
  },
);

/** What the malware scan said of a material. */
export const ScanJson = Type.Object(
  {
    state: words(SCAN_STATES, '未发现、已隔离、已放行 / nothing found, set aside, released'),
    at: instant('检查时间 / when'),
    signature: Type.Optional(Type.String({ description: '所发现恶意代码的名称 / name of what was found' })),
    code: Type.Optional(Type.String({ description: '未能检查的原因 / why it could not be scanned' })),
    released: Type.Optional(
      Type.Object({ by: Type.String(), reason: Type.String(), at: instant('放行时间 / when it was released') }),
    ),
  },
  { description: '恶意代码检查;未启用或尚未检查时没有 / malware scan; absent while it waits or nobody scans' },
);

/** A material (材料) of a case. */
export const MaterialJson = Type.Object({
  name: Type.String({ description: '材料名称' }),
  digest: Digest,
  size: Type.Integer({ description: 'bytes' }),
  mediaType: Type.String(),
  grade: words(['A', 'B', 'C', 'D'], '可信等级: A 机关签发, B 原件已核验, C 上传, D 申请人自备 / trust grade'),
  checkedBy: Type.Optional(Handler),
  checkedAt: Type.Optional(instant('核验时间 / when the original was compared')),
  seals: Type.Optional(SealsJson),
  scan: Type.Optional(ScanJson),
});

const ApplicantJson = Type.Object({
  kind: words(['person', 'legal-person']),
  name: Type.String(),
  documentType: Type.String(),
  documentNumber: Type.String(),
  mobile: Type.String(),
  address: Type.String(),
});

const LegalBasisJson = Type.Object(
  {
    kind: words(Object.keys(LEGAL_BASES) as (keyof typeof LEGAL_BASES)[]),
    text: Type.String({
      description: '条文或同意事项,不写个人信息 / the clause or what was agreed to; nothing personal',
    }),
    consent: Type.Optional(
      Type.Object({
        givenAt: instant('同意时间 / when'),
        way: words(CONSENT_WAYS, '方式 / how'),
        version: Type.String({ description: '告知书版本 / version of the text that was shown' }),
      }),
    ),
  },
  { description: '处理个人信息的合法性基础 / on what the handling of personal data rests' },
);

const Label = Type.Object({ zh: Type.String(), en: Type.String() });

const outline = {
  conversation: Type.String({ description: '会话号 / conversation, the same at both regions' }),
  number: Type.String({ description: '本地区办件编号 / our case number' }),
  role: words(['receiving', 'handling'], '收件地或办理地 / our part'),
  peer: Type.String({ description: '对方地区 / other region' }),
  peerNumber: Type.String({ description: '对方办件编号 / its case number, if it is known' }),
  item: Type.String({ description: '事项编码 / item code' }),
  mode: words(MODES, '通办模式 / mode'),
  state: StateWord,
  stateLabel: Label,
  pending: Type.Union([EventWord, Type.Null()], {
    description: '等待对方回执的动作 / our act that waits for the receipt of the other region',
  }),
  version: Type.Integer({ description: '也是 ETag 和 If-Match / also in ETag and If-Match' }),
  createdAt: instant('创建 / created'),
  updatedAt: instant('更新 / changed'),
};

/** A case in a list: whose it is stays masked. */
export const CaseSummaryJson = Type.Object({
  ...outline,
  dueAt: Type.Optional(instant('最早届满的时限 / when the first of its running limits runs out')),
  applicant: Type.Object({
    kind: words(['person', 'legal-person']),
    name: Type.String({ description: '已脱敏 / masked' }),
    documentType: Type.String(),
    documentNumber: Type.String({ description: '已脱敏 / masked' }),
  }),
});
export type CaseSummaryJson = Static<typeof CaseSummaryJson>;

/** A case (办件). */
export const CaseJson = Type.Object({
  ...outline,
  masked: Type.Boolean({ description: '已脱敏 / personal data is masked: say what for to see it' }),
  allowed: Type.Array(EventWord, { description: '现在可以做的动作 / what we may do now, as far as the state goes' }),
  authorization: Type.String({ description: '所依据的授权 / id of the authorization' }),
  applicant: ApplicantJson,
  legalBasis: Type.Optional(LegalBasisJson),
  form: Type.Record(Type.String(), Type.String()),
  materials: Type.Array(MaterialJson),
  identityCheck: Type.Optional(
    Type.Object({
      matched: Type.Boolean(),
      checkedAt: instant('核验时间 / when'),
      device: Type.Optional(Type.String()),
      way: Type.Optional(Type.String({ description: '核验方式：现场或远程视频 / on-site or remote-video' })),
      checkedBy: Type.Optional(Type.Union([Handler, Type.Null()], { description: '核验人 / who saw the applicant' })),
    }),
  ),
  handler: Handler,
  receiptNotice: Type.Optional(Type.String({ description: '收件通知书编号' })),
  receivedAt: Type.Optional(instant('收件 / taken in')),
  limits: Type.Array(
    Type.Object({
      name: words(Object.keys(LIMIT_KINDS) as LimitName[]),
      label: Label,
      holder: words(['receiving', 'handling'], '此间由谁经办 / in whose hands the case is'),
      state: words(['running', 'stopped', 'ended']),
      since: instant('此状态起始 / when this state began'),
      days: Type.Optional(Type.Integer({ description: '限时(工作日) / working days that it allows' })),
      used: Type.Integer({ description: '停止前已计的工作日 / working days that counted before it stood still' }),
      dueAt: Type.Optional(instant('届满 / when it runs out')),
      isLate: Type.Boolean({ description: '已逾期 / it ran out' }),
    }),
    { description: '办理时限 / time limits' },
  ),
  steps: Type.Unsafe<Partial<Record<Event, object>>>({
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
    description: '各步骤的内容 / what each step brought',
  }),
  notes: Type.Array(
    Type.Object({
      kind: NoteWord,
      label: Label,
      region: Type.String({ description: '登记地区 / region that noted it' }),
      handler: Handler,
      at: instant('登记时间 / when'),
      data: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
      code: Type.Optional(Type.String({ description: '对方拒收的代码 / why the other region refused it' })),
    }),
    { description: '随件登记 / what was noted beside the course of the case' },
  ),
  repeatedNotices: Type.Array(
    Type.Object({ event: EventWord, at: instant('告知时间 / when'), materials: Type.Array(Type.String()) }),
    { description: '违反一次性告知:前次即可告知而未告知的材料 / what an earlier notice could have named' },
  ),
  commitment: Type.Optional(
    Type.Object(
      {
        materials: Type.Array(
          Type.Object({
            material: Type.String({ description: '材料名称' }),
            dueAt: instant('补齐期限 / until when'),
            handedInAt: Type.Optional(instant('补齐时间 / when it was handed in')),
          }),
        ),
        text: Type.String({ description: '承诺内容 / what the applicant committed himself to' }),
        signedAt: instant('承诺时间 / when he signed'),
        document: Type.String({ description: '承诺书的摘要,可为空 / SHA-256 of the signed commitment, may be empty' }),
        creditWaived: Type.String({
          description: '未核查信用的理由,可为空 / why his credit was not known, may be empty',
        }),
      },
      { description: '容缺受理的告知承诺 / against what the case was accepted though materials were missing' },
    ),
  ),
  isHeld: Type.Boolean({ description: '暂停删除 / erasure is on hold' }),
  endedAt: Type.Optional(instant('办结 / ended')),
  erasedAt: Type.Optional(instant('删除个人信息 / when its personal data was erased')),
  joint: Type.Optional(
    Type.Object(
      {
        agreement: Type.String({
          description: '联办协议编号,一件事为空 / the joint-handling agreement; empty in a bundle',
        }),
        part: Type.String({
          description: '分项 / its name in the whole; empty at a region that is told the number alone',
        }),
        number: Type.String({ description: '联办件、一件事办件编号 / number of the whole at the lead region' }),
        handover: words(['one-window', 'each-region'], '出件方式 / who hands over'),
      },
      { description: '所属联办件或一件事的分项 / the part of a joint case or of a bundle that the case is' },
    ),
  ),
  queryCode: Type.String({ description: '查询码,交申请人 / for the applicant to ask how far his case is' }),
  certificate: Type.Optional(Type.String({ description: '电子证照标识 / identifier of the certificate' })),
  rejected: Type.Optional(
    Type.Object(
      { event: Type.String(), code: Type.String() },
      { description: '上一个被对方拒绝的动作 / our last act that the other region rejected' },
    ),
  ),
});
export type CaseJson = Static<typeof CaseJson>;

/** One line of the history of a case. */
export const CaseEventJson = Type.Object({
  n: Type.Integer(),
  event: Type.String(),
  actor: Type.String({ description: '行为地区 / region that acted' }),
  at: instant('时间 / when'),
  state: Type.String({ description: '之后的状态 / state afterwards' }),
  envelope: Type.String({ description: '报文编号 / envelope that carried it; empty for local steps' }),
  data: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
});

/** How far a case is, for the applicant. */
export const ProgressJson = Type.Object({
  number: Type.String(),
  item: Type.String(),
  mode: words(MODES),
  state: StateWord,
  stateLabel: Label,
  updatedAt: instant('最近变化 / last change'),
  limits: Type.Array(
    Type.Object({
      label: Label,
      dueAt: instant('届满 / when it runs out'),
      isLate: Type.Boolean(),
    }),
    { description: '正在计时的时限 / limits that run' },
  ),
});

/** How another region decided a case of one of our people. */
export const DirectOutcomeJson = Type.Object({
  conversation: Type.String(),
  peer: Type.String({ description: '办理地区 / region that decided' }),
  number: Type.String({ description: '对方办件编号 / its case number' }),
  item: Type.String(),
  decision: words(['approved', 'denied']),
  certificate: Type.Optional(Type.String({ description: '电子证照标识 / identifier of the certificate' })),
  applicant: Type.Object({
    kind: words(['person', 'legal-person']),
    name: Type.String({
      description: '已脱敏;授权未允许则为空 / masked; empty where the authorization does not let it travel',
    }),
    documentType: Type.String(),
    documentNumber: Type.String({ description: '已脱敏 / masked' }),
  }),
  decidedAt: instant('决定 / decided'),
  receivedAt: instant('收到 / told'),
});

/** A time during which one region held a case. */
export const HoldingJson = Type.Object({
  region: Type.String({ description: '经办地区 / region that held it' }),
  role: words(['receiving', 'handling']),
  state: StateWord,
  from: instant('起 / from'),
  until: Type.Optional(instant('止,仍在经办则无 / until; absent while it holds it still')),
  workingDays: Type.Integer({ description: '工作日 / working days' }),
  overdue: Type.Array(Type.String(), { description: '其间逾期的时限 / limits that ran out meanwhile' }),
});

/** Something that somebody did with a case. */
export const DeedJson = Type.Object({
  n: Type.Integer({ description: '办件过程中的序号 / place in the history' }),
  event: Type.String({ description: '动作或随件登记 / act or note' }),
  region: Type.String({ description: '经办地区 / region' }),
  at: instant('时间 / when'),
  handler: Handler,
});

/** What a window sends to open a case. */
export const CaseInputJson = Type.Object(
  {
    handlingRegion: Type.String({ description: '办理地行政区划代码 / region code' }),
    item: Type.String({ description: '事项编码 / item code' }),
    mode: words(MODES),
    applicant: Type.Object({
      kind: words(['person', 'legal-person']),
      name: Type.String(),
      documentType: Type.String({ description: 'citizen-number, social-credit-code, …' }),
      documentNumber: Type.String({ description: '校验位须正确 / the check digit must be right' }),
      mobile: Type.Optional(Type.String()),
      address: Type.Optional(Type.String()),
    }),
    legalBasis: Type.Optional(LegalBasisJson),
    form: Type.Optional(Type.Record(Type.String(), Type.String())),
    handler: Handler,
    identityCheck: Type.Optional(
      Type.Object({
        matched: Type.Boolean(),
        checkedAt: instant('核验时间 / when'),
        device: Type.String(),
        way: Type.Optional(
          words(
            IDENTITY_CHECK_WAYS,
            '核验方式,默认现场;远程视频须事项允许 / in person by default; by video only where the item allows it',
          ),
        ),
        checkedBy: Type.Optional(Handler),
      }),
    ),
  },
  { additionalProperties: false },
);
