import { encode } from '#proto';

/** Region that takes the case in, and region that handles it. */
export const RECEIVING = '320600';
export const HANDLING = '150626';

/** An item (事项) for which nobody has to bring anything. */
export const ITEM = {
  code: 'EX901',
  name: '食品经营许可',
  department: '市场监督管理',
  applicant: 'legal-person',
  modes: ['agency'],
  promised_working_days: 5,
  materials: [],
  result: '食品经营许可证',
};

/** The files that one has to bring for another item. */
export const MATERIALS = ['营业执照', '经营场所证明', '法定代表人身份证明', '授权委托书', '平面布局图'];
export const ITEM_WITH_MATERIALS = {
  ...ITEM,
  code: 'EX902',
  materials: MATERIALS.map((name) => ({ name, original_to_be_checked: false, may_follow_later: false })),
};

/** The window that handles the case. */
export const handler = { organisation: '南通市政务服务中心', window: 'A12', staff: '窗口一号' };
const applicant = {
  kind: 'legal-person',
  name: '南通示例餐饮管理有限公司',
  documentType: 'social-credit-code',
  documentNumber: '91350100M000100Y43',
  mobile: '13800000000',
  address: '江苏省南通市崇川区示例路 1 号',
};
const form = {
  经营者名称: '南通示例餐饮管理有限公司乌审旗分公司',
  经营项目: '热食类食品制售;冷食类食品制售;自制饮品制售',
  主体业态: '餐饮服务经营者(单位食堂除外)',
  经营场所: '内蒙古自治区鄂尔多斯市乌审旗嘎鲁图镇示例街 8 号',
  经营面积: '126.5',
  法定代表人: '张示例',
  食品安全管理员: '李示例',
  从业人员数: '14',
  网络经营: '是',
  网站地址: 'https://canyin.example.cn',
  申请事由: '新办食品经营许可,拟于取得许可后三十日内开业。',
};

/** What a window sends to open the case, without any personal data of a real person. */
export const CASE_INPUT = { handlingRegion: HANDLING, item: ITEM.code, mode: 'agency', applicant, form, handler };

/** The payload that this case becomes, encoded: the floor carries the same. */
export function samplePayload(): Buffer {
  return encode('CaseTransfer', {
    item: ITEM.code,
    itemDigest: Buffer.alloc(32),
    mode: CASE_INPUT.mode,
    caseNumber: `${RECEIVING}20260101000001`,
    applicant,
    form,
    receiptNotice: `收${RECEIVING}20260101000001`,
    receivedAt: Date.UTC(2026, 0, 1),
    handler,
  });
}
