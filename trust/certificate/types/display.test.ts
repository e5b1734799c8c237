import { expect, it } from 'vitest';
import { fieldText, shownFields } from './display.ts';
import { builtInCertificateTypes, typeNamed } from './types.ts';
import type { FieldValues } from './values.ts';

const FIELDS: FieldValues = {
  records: [
    { until: '2020-12', from: '2020-01', base: 15000.5 },
    { from: '2021-01', until: '2024-06' },
  ],
  months_paid: 1054,
  paid_from: '2020-01',
  insurance_kind: '企业职工基本养老保险',
};

it('shows fields in the order, with the labels and in the formats of the type', () => {
  const type = typeNamed(builtInCertificateTypes, '参保缴费证明');
  expect(shownFields(FIELDS, type).map(({ label, text }) => `${label.zh} ${text}`)).toEqual([
    '险种 企业职工基本养老保险',
    '缴费起始年月 2020年1月',
    '累计缴费月数 1,054',
    '缴费明细 截止年月：2020年12月，起始年月：2020年1月，缴费基数(元)：15,000.5；起始年月：2021年1月，截止年月：2024年6月',
  ]);
  expect(shownFields(FIELDS, type)[0]?.label.en).toBe('Kind of insurance');
});

it('shows days as people write them, and lists of words', () => {
  const type = typeNamed(builtInCertificateTypes, '有无犯罪记录证明');
  const fields = { searched_from: '2000-01-05', former_names: ['甲', '乙'] };
  expect(shownFields(fields, type).map(({ text }) => text)).toEqual(['2000年1月5日', '甲、乙']);
});

it('shows everything by its name when the type is not known', () => {
  expect(shownFields({ b: [{ c: true }], a: 1000 }, undefined)).toEqual([
    { name: 'b', label: { zh: 'b', en: 'b' }, text: 'c：是' },
    { name: 'a', label: { zh: 'a', en: 'a' }, text: '1000' },
  ]);
  expect(fieldText(['x', false])).toBe('x、否');
});
