import type { EntrustmentContent } from '../authorization/entrustment/content.ts';

/** 2026-11-01T09:00:00+08:00 in milliseconds: when the links of the tests are written. */
export const ENTRUSTED_AT = Date.parse('2026-11-01T09:00:00+08:00');

type Draft = Omit<EntrustmentContent, 'id' | 'version' | 'region' | 'issuer' | 'parent' | 'created_at'>;

const TIMES = { valid_from: '2026-11-01T00:00:00+08:00', valid_until: '2027-11-01T00:00:00+08:00' } as const;

/** Letters as an operator writes them, all made up: a banner, its department, the hall's windows, and two people. */
export const LETTERS = {
  department: {
    holder: { kind: 'department', name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
    rights: ['R1a', 'R1b', 'R2', 'R3', 'R4', 'R5', 'D1', 'D2', 'D3', 'D4'],
    items: ['EX018', 'EX019', 'EX020'],
    depth: 3,
    ...TIMES,
    terms: '乌审旗人民政府确认市场监督管理局对下列事项的职权。',
  },
  window: {
    holder: { kind: 'window', name: '乌审旗政务服务中心综合受理窗口', code: '11370800MB28559184' },
    rights: ['R1a', 'R1b', 'R2', 'R3'],
    items: ['EX018', 'EX019'],
    depth: 2,
    ...TIMES,
    terms: '委托综合受理窗口受理下列事项。',
  },
  clerk: {
    holder: { kind: 'representative', name: '测试·窗口负责人', code: 'UX007' },
    rights: ['R1a', 'R1b'],
    items: ['EX018'],
    depth: 0,
    ...TIMES,
    terms: '委托窗口负责人。',
  },
  /** 首席代表: holds the decision, straight from the department. */
  representative: {
    holder: { kind: 'representative', name: '测试·首席代表', code: 'UX001' },
    rights: ['D1', 'D2', 'D3', 'D4'],
    items: ['EX018', 'EX019', 'EX020'],
    depth: 0,
    ...TIMES,
    terms: '授予充分的审批决定权、审核上报权、组织协调权和电子印章使用权。',
  },
} as const satisfies Record<string, Draft>;
