import type { AgreementContent } from './content.ts';

/** 2026-11-01T09:00:00+08:00 in milliseconds: when the agreement of the tests is written. */
export const EXAMPLE_CREATED = Date.parse('2026-11-01T09:00:00+08:00');

/**
 * An agreement for tests: Nantong (320600) takes in what Uxin Banner (150626) decides, and the other way round for one
 * item. Regions, department and codes are made up.
 */
export function exampleAgreement(changes: Partial<AgreementContent> = {}): AgreementContent {
  return {
    id: '6f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11',
    version: 1,
    parties: ['320600', '150626'],
    grants: [
      {
        grantor: '150626',
        grantee: '320600',
        department: { name: '乌审旗市场监督管理局', code: '111506260117283920' },
        rights: ['R1a', 'R2', 'R3', 'R4', 'R5'],
        items: ['EX018', 'EX019'],
        modes: ['agency'],
      },
      {
        grantor: '150626',
        grantee: '320600',
        department: { name: '乌审旗市场监督管理局', code: '111506260117283920' },
        rights: ['R1a', 'R1b'],
        items: ['EX020'],
        modes: ['agency', 'online'],
      },
      {
        grantor: '320600',
        grantee: '150626',
        department: { name: '南通市公安局', code: '113206000141602830' },
        rights: ['R1a'],
        items: ['EX030'],
        modes: ['agency'],
      },
    ],
    fields: ['applicant.name', 'applicant.documentNumber', 'applicant.mobile', 'form.经营项目', 'certificate.*'],
    valid_from: '2026-12-01T00:00:00+08:00',
    valid_until: '2029-12-01T00:00:00+08:00',
    terms: '甲乙双方相互委托收件,依法履行职责。\n以上各条双方遵照执行。',
    created_at: '2026-11-01T09:00:00+08:00',
    ...changes,
  };
}
