import type { JointContent } from '../authorization/joint/content.ts';
import type { RegionStatement } from '../region/statement.ts';

/** 2026-11-01T09:00:00+08:00 in milliseconds: when the joint agreement of the tests is written. */
export const JOINT_CREATED = Date.parse('2026-11-01T09:00:00+08:00');

/** What an operator writes: the parties by their codes alone, nothing that the gateway fills in. */
export const exampleJointDraft = {
  name: '跨省迁移企业登记一件事',
  parties: ['320600', '150626', '350500'],
  receiving: ['320600', '350500'],
  handover: 'one-window',
  parts: [
    {
      id: 'leave',
      region: '150626',
      department: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
      item: 'EX101',
      after: [],
      working_days: 3,
    },
    {
      id: 'tax',
      region: '150626',
      department: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
      item: 'EX102',
      after: [],
      working_days: 2,
    },
    {
      id: 'settle',
      region: '320600',
      department: { name: '南通市行政审批局', code: '11370800MB28559184' },
      item: 'EX103',
      after: ['leave', 'tax'],
      working_days: 2,
    },
    {
      id: 'fund',
      region: '350500',
      department: { name: '泉州市行政审批局', code: '11370800MB28559184' },
      item: 'EX104',
      after: ['settle'],
      working_days: 1,
    },
  ],
  fields: [
    { path: 'applicant.name', parts: ['leave', 'tax', 'settle', 'fund'] },
    { path: 'form.注册资本', parts: ['settle'] },
  ],
  working_days: 5,
  sign_by: '2026-12-01T00:00:00+08:00',
  valid_from: '2026-12-01T00:00:00+08:00',
  valid_until: '2028-12-01T00:00:00+08:00',
  terms: '各方按照本协议联合办理,牵头地区负责统筹。',
} as const;

/** The content of the example among three regions; the first one leads. Departments and codes are made up. */
export function exampleJoint(
  statements: readonly Pick<RegionStatement, 'region' | 'identity'>[],
  changes: Partial<JointContent> = {},
): JointContent {
  return {
    id: '7a1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11',
    version: 1,
    ...exampleJointDraft,
    parties: statements.map(({ region, identity }) => ({ region, identity })),
    lead: statements[0]!.region,
    created_at: '2026-11-01T09:00:00+08:00',
    ...changes,
  };
}
