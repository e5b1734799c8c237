import type { PaperKind } from '#proto';
import type { PaperDetails, PaperFacts } from '../paper-facts.ts';

/** When the acts of the samples were done. */
export const ACTED_AT = Date.parse('2026-11-20T10:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;

const items = [
  { material: '平面布局图', reason: '比例尺不清，未标明各功能区面积', legalBasis: '《食品经营许可管理办法》第十三条' },
  { material: '申请表', reason: '法定代表人未签字', legalBasis: '' },
];
const commitment = {
  materials: [{ material: '健康证明', dueAt: ACTED_AT + 15 * DAY_MS }],
  text: '所述情况真实，按期补齐上述材料。\n逾期未补齐的，同意撤销受理决定。',
  signedAt: ACTED_AT,
  document: 'ab'.repeat(32),
};
const promised = { name: 'promised', days: 10, dueAt: ACTED_AT + 14 * DAY_MS } as const;

const DETAILS: Readonly<Record<PaperKind, PaperDetails>> = {
  receipt: {
    materials: [
      { name: '营业执照', grade: 'B' },
      { name: '平面布局图', grade: 'C' },
    ],
    limits: [
      { name: 'hand-over', dueAt: ACTED_AT + DAY_MS / 12 },
      { name: 'acceptance', days: 5 },
    ],
  },
  'one-time-notice': { items },
  acceptance: { limits: [promised, { name: 'statutory', days: 20, dueAt: ACTED_AT + 28 * DAY_MS }], commitment },
  commitment: { commitment },
  refusal: { reason: '不属于本机关职权范围', legalBasis: '《中华人民共和国行政许可法》第三十二条' },
  supplement: { items, deadline: ACTED_AT + 7 * DAY_MS, way: '由收件窗口上传' },
  delivery: {
    served: {
      what: 'certificate',
      name: '食品经营许可证',
      identifier: '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F',
      way: 'window',
    },
  },
};

/** What a notice of a kind may say; as the handling region gives it unless told otherwise. */
export function sampleFacts(kind: PaperKind, changes: Partial<PaperFacts> = {}): PaperFacts {
  return {
    format: 'tongban-paper-1',
    kind,
    number: '文15062620261120000007-2',
    at: ACTED_AT,
    issuer: '150626',
    receiving: '320600',
    handling: '150626',
    mode: 'agency',
    receivingNumber: '32060020261120000001',
    handlingNumber: '15062620261120000007',
    queryCode: 'K7Q2MX9RTA',
    item: { code: 'EX018', name: '食品经营许可' },
    applicant: {
      kind: 'legal-person',
      name: '测试食品有限公司',
      documentType: 'social-credit-code',
      documentNumber: '92320600MA00000038',
    },
    authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
    handler: { organisation: '乌审旗市场监督管理局', window: '', staff: 'UX007' },
    details: DETAILS[kind],
    ...changes,
  };
}
