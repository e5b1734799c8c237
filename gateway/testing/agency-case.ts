import { createHash } from 'node:crypto';
import type { AgreementContent } from '#trust';
import { type LiveRegion, until } from './live-region.ts';

/** Synthetic social credit codes of departments and applicants, with right check characters. */
export const CODES = { uxinMarket: '11150626MB00000014', applicant: '92320600MA00000038' } as const;

export const WINDOW = { organisation: '南通市政务服务中心', window: '跨域通办窗口1', staff: 'NT001' };
export const BACK_OFFICE = { organisation: '乌审旗市场监督管理局', window: '', staff: 'UX007' };

export const FOOD_LICENCE = 'EX018';
export const NO_MATERIALS = 'EX900';
/** The receiving region also decides about its acceptance (R1b), but gives no one-time notice (R2). */
export const ENTRUSTED = 'EX902';

/** Items of the handling region, as an operator would import them. */
export const ITEMS = {
  items: [
    {
      code: FOOD_LICENCE,
      name: '食品经营许可',
      department: '市场监管',
      department_code: CODES.uxinMarket,
      applicant: 'legal-person',
      modes: ['agency'],
      promised_working_days: 10,
      materials: [
        { name: '营业执照', original_to_be_checked: true, may_follow_later: false },
        { name: '食品经营许可申请书', original_to_be_checked: false, may_follow_later: false },
        { name: '平面布局图', original_to_be_checked: false, may_follow_later: true },
      ],
      result: '食品经营许可证',
    },
    {
      code: NO_MATERIALS,
      name: '示例事项（无材料）',
      department: '市场监管',
      department_code: CODES.uxinMarket,
      applicant: 'legal-person',
      modes: ['agency'],
      promised_working_days: 1,
      materials: [],
      result: '登记结果',
    },
  ],
};

/** An agreement by which the handling region lets the receiving region take in for it. */
export function agreementDraft(
  receiving: string,
  handling: string,
  changes: Partial<AgreementContent> = {},
): Omit<AgreementContent, 'id' | 'version' | 'created_at'> {
  return {
    parties: [receiving, handling],
    grants: [
      {
        grantor: handling,
        grantee: receiving,
        department: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
        rights: ['R1a', 'R2', 'R3', 'R4', 'R5'],
        items: [FOOD_LICENCE, NO_MATERIALS],
        modes: ['agency'],
      },
      {
        grantor: handling,
        grantee: receiving,
        department: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
        rights: ['R1a', 'R1b', 'R5'],
        items: [ENTRUSTED],
        modes: ['agency'],
      },
    ],
    fields: ['applicant.*', 'form.*', 'certificate.*'],
    valid_from: '2020-01-01T00:00:00+08:00',
    valid_until: '2024-12-31T00:00:00+08:00',
    terms: '双方按照协议相互授权办理跨域通办事项。',
    ...changes,
  };
}

export const APPLICANT = {
  kind: 'legal-person',
  name: '测试食品有限公司',
  documentType: 'social-credit-code',
  documentNumber: CODES.applicant,
  mobile: '13800000000',
  address: '江苏省南通市测试路1号',
};

/** A case as a window opens it. */
export function caseInput(handling: string, item: string, changes: object = {}) {
  return {
    handlingRegion: handling,
    item,
    mode: 'agency',
    applicant: APPLICANT,
    form: { 经营项目: '预包装食品销售' },
    handler: WINDOW,
    ...changes,
  };
}

/** Signs an agreement on both sides and publishes the handling region's items. */
export async function authorize(
  receiving: LiveRegion,
  handling: LiveRegion,
  now = Date.now(),
  changes: Partial<AgreementContent> = {},
): Promise<string> {
  const year = new Date(now).getUTCFullYear();
  const draft = agreementDraft(receiving.region, handling.region, {
    valid_from: `${year - 1}-01-01T00:00:00+08:00`,
    valid_until: `${year + 2}-01-01T00:00:00+08:00`,
    ...changes,
  });
  const { id } = await receiving.services.authorizations.propose(draft);
  await until('the proposal', async () =>
    (await handling.services.authorizations.list()).some((proposed) => proposed.id === id),
  );
  await handling.services.authorizations.accept(id);
  for (const side of [receiving, handling]) {
    await until('the agreement', async () => (await side.services.authorizations.get(id)).state === 'active');
  }
  await handling.services.catalogue.importItems(ITEMS);
  await handling.services.catalogue.publish(receiving.region, '跨省通办');
  await until('the catalogue', async () => (await receiving.services.catalogue.list(handling.region)).length > 0);
  return id;
}

/** Bytes of a file that nobody has seen before, `size` long. */
export async function* fileOf(seed: string, size: number): AsyncIterable<Buffer> {
  let left = size;
  for (let n = 0; left > 0; n += 1) {
    const block = createHash('sha512').update(`${seed}/${n}`).digest();
    const chunk = Buffer.concat(Array.from({ length: 256 }, () => block)).subarray(0, left);
    left -= chunk.length;
    yield chunk;
  }
}
