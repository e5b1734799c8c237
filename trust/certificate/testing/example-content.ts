import { mintCertificateIdentifier } from '#proto';
import type { CertificateContent } from '../content.ts';

export const FOOD_LICENCE = '11100000MB0143028R032';
/** Example authority of the issuing region; no real one. */
export const AUTHORITY = { name: '乌审旗市场监督管理局', code: '11150626MB00000014' };
/** 2026-11-20T08:00:00+08:00 */
export const ISSUED_AT = Date.UTC(2026, 10, 20);
const FIVE_YEARS_MS = 5 * 365 * 24 * 60 * 60 * 1000;

export function mint(typeCode: string, serial: string): string {
  const minted = mintCertificateIdentifier({ typeCode, issuerCode: AUTHORITY.code, serial, version: '001' });
  if (!minted.ok) throw new Error(minted.reason);
  return minted.value;
}

/** A food business licence (食品经营许可证) for a synthetic company. */
export function exampleContent(changes: Partial<CertificateContent> = {}): CertificateContent {
  return {
    identifier: mint(FOOD_LICENCE, '2026000001'),
    typeCode: FOOD_LICENCE,
    number: 'JY11506260000018',
    name: '食品经营许可证',
    region: '150626',
    authority: AUTHORITY,
    holder: { name: '示例餐饮有限公司', documentType: 'social-credit-code', number: '91150626MA0000001R' },
    validFrom: ISSUED_AT,
    validUntil: ISSUED_AT + FIVE_YEARS_MS,
    issuedAt: ISSUED_AT,
    item: 'EX018',
    caseNumber: 'WS20261120-0001',
    fields: {
      legal_representative: '阿不都·示例',
      residence: '乌审旗示例街1号',
      business_premises: '乌审旗示例街1号',
      business_form: '餐饮服务经营者',
      business_items: '热食类食品制售',
      complaint_line: '12315',
    },
    ...changes,
  };
}

export const INSURANCE_PROOF = '11100000MB0000001T002';

/** A proof of social insurance payments (参保缴费证明) with a list of records, for a synthetic person and another. */
export function nestedContent(changes: Partial<CertificateContent> = {}): CertificateContent {
  return exampleContent({
    identifier: mint(INSURANCE_PROOF, '2026000007'),
    typeCode: INSURANCE_PROOF,
    number: 'CB2026000007',
    name: '参保缴费证明',
    holder: { name: '示例甲', documentType: 'citizen-number', number: '11010519491231002X' },
    otherHolders: [{ name: '示例乙', documentType: 'passport', number: 'E12345678' }],
    item: 'EX006',
    validUntil: undefined,
    fields: {
      insurance_kind: '企业职工基本养老保险',
      paid_from: '2020-01',
      paid_until: '2024-06',
      months_paid: 54,
      records: [
        { from: '2020-01', until: '2020-12', employer: '示例一公司', base: 5000.5 },
        { from: '2021-01', until: '2024-06', employer: '示例二公司' },
      ],
    },
    ...changes,
  });
}
