import { type Static, Type } from '@fastify/type-provider-typebox';
import { MODES } from '#proto';
import type { Alignment } from '../../catalogue/alignment/alignment.ts';
import type { CatalogueItem, ItemVersion } from '../../catalogue/catalogue-service.ts';
import type { CatalogueRecord } from '../../catalogue/catalogue-table.ts';
import { Digest, described, instant, words } from './schemas.ts';

const texts = (description: string) => Type.Array(Type.String(), { description });
const days = (description: string) => Type.Integer({ description: `${description}, 工作日 / working days` });

const MaterialRuleJson = Type.Object({
  name: Type.String({ description: '材料名称' }),
  originalToBeChecked: Type.Boolean({ description: '核验原件 / the window compares it with the original' }),
  mayFollowLater: Type.Boolean({ description: '可否容缺 / whether the case may begin without it' }),
  specification: Type.String({ description: '材料规格' }),
  originals: Type.Integer({ description: '原件份数' }),
  copies: Type.Integer({ description: '复印件份数' }),
  blankForm: Type.String({ description: '空白表格: 地址或 sha256: / address, or digest of the file' }),
  sampleForm: Type.String({ description: '示例样表' }),
});

const item = {
  region: Type.String({ description: '办理地区 / region that offers it' }),
  code: Type.String({ description: '事项编码' }),
  name: Type.String({ description: '事项名称' }),
  otherCodes: texts('其他编码 / what the same item is called elsewhere'),
  type: Type.String({ description: '事项类型' }),
  department: Type.String({ description: '实施部门' }),
  departmentCode: Type.String({ description: '部门统一社会信用代码' }),
  applicant: words(['person', 'legal-person']),
  modes: Type.Array(words(MODES)),
  scopes: texts('通办范围; 空为全部 / scopes under which it is offered; none: all'),
  legalBasis: texts('设定依据'),
  conditions: texts('受理条件'),
  waysToApply: texts('申报方式 / window, online, post, self-service, mobile, …'),
  acceptanceMode: Type.String({ description: '受理模式' }),
  flow: Type.Array(Type.Object({ name: Type.String(), workingDays: Type.Integer() }), { description: '审核程序' }),
  promisedWorkingDays: days('承诺办结时限'),
  statutoryWorkingDays: days('法定办结时限; 0: 未规定 none'),
  acceptanceWorkingDays: days('受理时限; 0: 法定五日 the five of the law'),
  silenceAccepts: Type.Boolean({ description: '逾期视为受理 / silence counts as acceptance' }),
  remoteVideo: Type.Boolean({ description: '可远程视频核验 / the applicant may be seen by video' }),
  paperOriginals: Type.Boolean({ description: '须邮寄纸质原件 / originals on paper must follow' }),
  materials: Type.Array(MaterialRuleJson),
  formSchema: Type.String({ description: '申请表单 / JSON Schema as text; empty: any form' }),
  fees: Type.Array(Type.Object({ name: Type.String(), standard: Type.String(), basis: Type.String() })),
  paymentChannels: texts('缴费渠道'),
  waysOfIssuing: texts('发证方式 / window, post, online, locker, …'),
  result: Type.String({ description: '结果证照 / certificate that it produces' }),
  resultTypes: texts('结果类型'),
  onlineEntryUrl: Type.String({ description: '网办入口 / where the handling region takes it online' }),
  digest: Digest,
};

export const ItemJson = Type.Object(item);

export const VersionJson = Type.Object({
  ...item,
  n: Type.Integer({ description: '版本 / counts the versions that we know, from 1' }),
  validSince: instant('起 / in force since'),
  supersededAt: Type.Optional(instant('止 / until; absent while it holds')),
});

export const ImportJson = Type.Object({
  imported: Type.Integer(),
  added: Type.Integer(),
  changed: Type.Integer(),
  unchanged: Type.Integer(),
  items: Type.Array(
    Type.Object({
      code: Type.String(),
      name: Type.String(),
      change: words(['added', 'changed', 'unchanged']),
      fields: texts('变化的字段 / fields that differ'),
    }),
  ),
});

export const CatalogueJson = Type.Object({
  publisher: Type.String(),
  peer: Type.String(),
  scope: Type.String({ description: '通办范围' }),
  version: Type.Integer(),
  isWhole: Type.Boolean({ description: '是否已收全 / whether all its parts are there' }),
  updatedAt: instant('发布 / published'),
});

export const AlignmentJson = described<Alignment & { readonly ours: string; readonly theirs: string }>(
  '对标报告 / {ours, theirs, pairs: [{ours, theirs, matchedBy, differences}], onlyOurs, onlyTheirs, summary}',
);

export function itemJson({ region, item: message, digest }: CatalogueItem): Static<typeof ItemJson> {
  return { ...message, region, digest: digest.toString('hex') } as Static<typeof ItemJson>;
}

export function versionJson(version: ItemVersion): Static<typeof VersionJson> {
  const { n, validSince, supersededAt } = version;
  return { ...itemJson(version), n, validSince, ...(supersededAt !== undefined && { supersededAt }) };
}

export function catalogueJson(record: CatalogueRecord): Static<typeof CatalogueJson> {
  const { publisher, peer, scope, version, part, parts, updated_at } = record;
  return { publisher, peer, scope, version, isWhole: part === parts, updatedAt: updated_at };
}
