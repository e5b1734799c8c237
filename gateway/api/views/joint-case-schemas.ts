import { type Static, Type } from '@fastify/type-provider-typebox';
import { PART_STATES, type PartState, WHOLE_STATES, type WholeState } from '../../case/joint/joint-states.ts';
import { STATES, type State } from '../../case/transitions.ts';
import { MaterialJson } from './case-schemas.ts';
import { described, Handler, instant, words } from './schemas.ts';

const Label = Type.Object({ zh: Type.String(), en: Type.String() });
const CaseState = words(Object.keys(STATES) as State[], '办件状态 / state of its case');

const PartJson = Type.Object({
  part: Type.String({ description: '分项 / its name in the agreement or the bundle' }),
  region: Type.String({ description: '办理地 / region that decides it' }),
  department: Type.String(),
  item: Type.String({ description: '事项编码 / item code' }),
  after: Type.Array(Type.String(), { description: '前置分项 / parts that must be done first' }),
  workingDays: Type.Integer({ description: '承诺工作日 / working days' }),
  state: words(Object.keys(PART_STATES) as PartState[]),
  stateLabel: Label,
  conversation: Type.String({ description: '分项办件的会话号 / conversation of its case, once it is opened' }),
  code: Type.String({ description: '未能开办的原因 / why it could not be opened, or empty' }),
  case: Type.Optional(Type.Object({ number: Type.String(), peerNumber: Type.String(), state: CaseState })),
});

const outline = {
  conversation: Type.String(),
  number: Type.String({ description: '编号 / number of the whole' }),
  agreement: Type.Optional(
    Type.String({ description: '联办协议编号,仅联办件 / the joint-handling agreement, of a joint case' }),
  ),
  bundle: Type.Optional(
    Type.Object(
      { code: Type.String(), version: Type.Integer() },
      { description: '一件事及其版本,仅一件事办件 / the bundle and its version, of the case of a bundle' },
    ),
  ),
  name: Type.String({ description: '一件事 / what the applicant calls it' }),
  state: words(Object.keys(WHOLE_STATES) as WholeState[]),
  stateLabel: Label,
  handover: words(['one-window', 'each-region'], '一窗出件或各地分别送达 / who hands over'),
  parts: Type.Array(PartJson),
  limit: Type.Optional(
    Type.Object(
      { workingDays: Type.Integer(), dueAt: instant('到期 / runs out'), isLate: Type.Boolean() },
      { description: '总时限,提交后起算 / limit for the whole, from its submission' },
    ),
  ),
  version: Type.Integer(),
  createdAt: instant('登记 / opened'),
  updatedAt: instant('更新 / changed'),
  erasedAt: Type.Optional(instant('删除个人信息 / when its personal data was erased')),
};

/** A joint case (联办件) in a list. */
export const JointCaseSummaryJson = Type.Object({
  ...outline,
  applicant: described<object>('已脱敏 / masked'),
});
export type JointCaseSummaryJson = Static<typeof JointCaseSummaryJson>;

/** A joint case (联办件). */
export const JointCaseJson = Type.Object({
  ...outline,
  applicant: described<object>('申请人,未写明用途则脱敏 / the applicant, masked without a purpose'),
  form: described<object>('共同表单 / the common form'),
  forms: described<object>('分项表单 / what single parts ask beyond it'),
  materials: Type.Array(MaterialJson),
  handler: Handler,
  submittedAt: Type.Optional(instant('提交 / submitted')),
  endedAt: Type.Optional(instant('全部办结 / everything ended')),
  fall: Type.Optional(
    Type.Object(
      { part: Type.String(), at: instant('时间 / when') },
      { description: '未办成而使整体不再办理的分项 / the part that came to nothing and took the whole with it' },
    ),
  ),
  withdrawal: Type.Optional(Type.Object({ handler: Handler, reason: Type.String(), at: instant('撤回 / withdrawn') })),
  handOver: Type.Optional(
    Type.Object({
      handler: Handler,
      way: words(['window', 'post', 'online', 'locker']),
      at: instant('出件 / handed over'),
      results: Type.Array(
        Type.Object({
          part: Type.String(),
          outcome: words([...(Object.keys(STATES) as State[]), 'skipped']),
          delivered: Type.Boolean({ description: '已送达,否则未办成 / delivered, else it came to nothing' }),
        }),
      ),
    }),
  ),
});
export type JointCaseJson = Static<typeof JointCaseJson>;
