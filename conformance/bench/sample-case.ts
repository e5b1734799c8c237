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

const handler = { organisation: '南通市政务服务中心', window: 'A12', staff: '窗口一号' };
const applicant = {
  kind: 'legal-person',
  name: '南通示例餐饮管理有限公司',
  documentType: 'social-credit-code',
  documentNumber: '91350100M000100Y43',
  mobile: '13800000000',
  address: '江苏省南通市崇川区示例路 1 号',
};
const form = { 经营项目: '热食类食品制售', 主体业态: '餐饮服务经营者', 经营场所: '乌审旗嘎鲁图镇示例街 8 号' };

/** What a window sends to open the case, without any personal data of a real person. */
export const CASE_INPUT = { handlingRegion: HANDLING, item: ITEM.code, mode: 'agency', applicant, form, handler };

/** Bytes of the transfer that this case becomes: the floor carries payloads of the same size. */
export function payloadBytes(): number {
  return encode('CaseTransfer', {
    item: ITEM.code,
    itemDigest: Buffer.alloc(32),
    mode: CASE_INPUT.mode,
    caseNumber: `${RECEIVING}20260101000001`,
    applicant,
    form,
    receiptNotice: `收${RECEIVING}20260101000001`,
    receivedAt: 1_800_000_000_000,
    handler,
  }).length;
}

/** Bytes of the header of such an envelope. */
export function headerBytes(): number {
  const uuid = '01900000-0000-7000-8000-000000000000';
  return encode('EnvelopeHeader', {
    version: 1,
    id: uuid,
    type: 'tongban.v1.CaseTransfer',
    sender: RECEIVING,
    recipient: HANDLING,
    conversation: uuid,
    sequence: 1,
    sentAt: 1_800_000_000_000,
    expiresAt: 1_800_000_000_000,
    authorizationId: uuid,
    authorizationDigest: Buffer.alloc(32),
    payloadDigest: Buffer.alloc(32),
    suite: 'ES256',
  }).length;
}

/** Bytes of the body of its receipt. */
export function receiptBytes(): number {
  const uuid = '01900000-0000-7000-8000-000000000000';
  return encode('ReceiptBody', {
    version: 1,
    issuer: HANDLING,
    audience: RECEIVING,
    envelopeId: uuid,
    leafHash: Buffer.alloc(32),
    conversation: uuid,
    sequence: 1,
    outcome: 'OUTCOME_ACCEPTED',
    receivedAt: 1_800_000_000_000,
    decidedAt: 1_800_000_000_000,
  }).length;
}
