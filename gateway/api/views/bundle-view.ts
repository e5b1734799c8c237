import { type Static, Type } from '@fastify/type-provider-typebox';
import { PART_FAILURES } from '../../catalogue/bundles/bundle.ts';
import type { BundleVersion } from '../../catalogue/bundles/bundle-table.ts';
import type { ImportedBundles, WholeBundle } from '../../catalogue/bundles/bundles.ts';
import { mergedSchema } from '../../catalogue/bundles/merge-forms.ts';
import { described, instant, words } from './schemas.ts';

const AskedBy = Type.Array(
  Type.Object({ part: Type.String(), name: Type.String({ description: '该事项中的名称 / what its item calls it' }) }),
  { description: '由哪些分项使用 / the parts that it goes to' },
);
const Remark = Type.Object({ pointer: Type.String(), code: Type.String(), message: Type.String() });
const Alias = Type.Object({ name: Type.String(), of: AskedBy });

const outline = {
  code: Type.String(),
  version: Type.Integer({ description: '版本 / counts the versions of the bundle, from 1' }),
  validSince: instant('起 / in force since'),
  name: Type.String({ description: '一件事 / what the applicant calls it' }),
  lead: Type.Object(
    { department: Type.String(), departmentCode: Type.String() },
    { description: '牵头部门 / the department that leads' },
  ),
  parts: Type.Array(
    Type.Object({
      key: Type.String(),
      region: Type.String({ description: '办理地 / region that decides it' }),
      item: Type.String({ description: '事项编码 / item code' }),
      after: Type.Array(Type.String(), { description: '前置 / parts that must be done first' }),
      contact: Type.Boolean({ description: '是否传递联系方式 / whether mobile number and address go to it' }),
    }),
  ),
  workingDays: Type.Integer({ description: '承诺工作日 / promised working days of the whole' }),
  ifPartFails: words(PART_FAILURES, '一项未办成时 / what becomes of the others when one comes to nothing'),
  fields: Type.Array(Alias, { description: '同一信息的表单字段 / fields that are the same thing, or renamed' }),
  materials: Type.Array(Alias, { description: '同一材料 / materials that are the same thing, or renamed' }),
};

/** A bundle (一件事) in a list. */
export const BundleJson = Type.Object(outline);
export type BundleJson = Static<typeof BundleJson>;

/** A bundle with what it asks for. */
export const WholeBundleJson = Type.Object({
  ...outline,
  form: Type.Object({
    schema: described<object>('一张申请表 (JSON Schema) / the merged form'),
    fields: Type.Array(Type.Object({ name: Type.String(), isRequired: Type.Boolean(), askedBy: AskedBy })),
    anyForm: Type.Array(Type.String(), { description: '无固定表单的分项 / parts whose items take any form' }),
  }),
  materialList: Type.Array(
    Type.Object({
      name: Type.String({ description: '材料名称 / name in the whole' }),
      originalToBeChecked: Type.Boolean({ description: '核验原件 / compared with the original' }),
      mayFollowLater: Type.Boolean({ description: '可否容缺 / whether every part may begin without it' }),
      originals: Type.Integer({ description: '原件份数' }),
      copies: Type.Integer({ description: '复印件份数' }),
      specifications: Type.Array(Type.String(), { description: '材料规格' }),
      askedBy: AskedBy,
    }),
    { description: '一套材料 / the merged list' },
  ),
  problems: Type.Array(Remark, { description: '与现行事项不符之处,须先修订 / what does not fit its items any more' }),
  warnings: Type.Array(Remark, { description: '提示 / what stops nothing' }),
});
export type WholeBundleJson = Static<typeof WholeBundleJson>;

/** What became of an import. */
export const BundleImportJson = Type.Object({
  imported: Type.Integer(),
  bundles: Type.Array(
    Type.Object({ code: Type.String(), name: Type.String(), change: words(['added', 'changed', 'unchanged']) }),
  ),
  warnings: Type.Array(Remark),
});
export type BundleImportJson = Static<typeof BundleImportJson>;

export function bundleJson({ bundle, n, validSince }: BundleVersion): BundleJson {
  return { ...bundle, version: n, validSince } as BundleJson;
}

export function wholeBundleJson(whole: WholeBundle): WholeBundleJson {
  const { parts, fields, materials, problems, warnings } = whole;
  return {
    ...bundleJson(whole),
    form: {
      schema: mergedSchema(fields),
      fields: fields.map(({ schema: _, ...field }) => field),
      anyForm: parts.filter(({ offered }) => offered?.formSchema === '').map(({ key }) => key),
    },
    materialList: materials,
    problems,
    warnings,
  } as WholeBundleJson;
}

export function bundleImportJson({ bundles, warnings }: ImportedBundles, dryRun: boolean): BundleImportJson {
  return { imported: dryRun ? 0 : bundles.length, bundles, warnings } as BundleImportJson;
}
