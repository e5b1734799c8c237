import { describe, expect, test } from 'vitest';
import {
  checkRegionCode,
  checkStatisticalRegionCode,
  isRegionCode,
  isStatisticalRegionCode,
  provinceOf,
  regionFullName,
  regionName,
  regionTableDate,
} from './region-code.ts';
import table from './regions.json' with { type: 'json' };

describe('the region table', () => {
  test.each([
    ['320600', '南通市', '江苏省南通市', '320000'],
    ['150626', '乌审旗', '内蒙古自治区鄂尔多斯市乌审旗', '150000'],
    ['152500', '锡林郭勒盟', '内蒙古自治区锡林郭勒盟', '150000'],
    ['653125', '莎车县', '新疆维吾尔自治区喀什地区莎车县', '650000'],
    ['350500', '泉州市', '福建省泉州市', '350000'],
    ['140400', '长治市', '山西省长治市', '140000'],
    ['110101', '东城区', '北京市东城区', '110000'],
    ['500229', '城口县', '重庆市城口县', '500000'],
    ['469001', '五指山市', '海南省五指山市', '460000'],
    ['659001', '石河子市', '新疆维吾尔自治区石河子市', '650000'],
    ['441900', '东莞市', '广东省东莞市', '440000'],
    ['460400', '儋州市', '海南省儋州市', '460000'],
    ['440000', '广东省', '广东省', '440000'],
    ['710000', '台湾省', '台湾省', '710000'],
    ['810000', '香港特别行政区', '香港特别行政区', '810000'],
  ])('knows %s as %s', (code, name, fullName, province) => {
    expect(isRegionCode(code)).toBe(true);
    expect(regionName(code)).toBe(name);
    expect(regionFullName(code)).toBe(fullName);
    expect(provinceOf(code)).toBe(province);
  });

  test('has a name without white space for each six-digit code, and the province of each', () => {
    const rows = Object.entries(table.regions);
    expect(rows.length).toBeGreaterThan(3300);
    for (const [code, name] of rows) {
      expect(code).toMatch(/^[1-8][0-9]{5}$/);
      expect(name).toMatch(/^\p{Script=Han}+$/u);
      expect(isRegionCode(provinceOf(code)!)).toBe(true);
    }
  });

  test('has 34 provinces and says which day it shows', () => {
    expect(Object.keys(table.regions).filter((code) => code.endsWith('0000'))).toHaveLength(34);
    expect(regionTableDate).toMatch(/^20[0-9]{2}-[0-9]{2}-[0-9]{2}$/);
  });
});

describe('a region code', () => {
  test('that is not in the table has no name and no province', () => {
    expect(checkRegionCode('320699')).toEqual({
      ok: false,
      reason: `is not in the table of region codes of ${regionTableDate}`,
    });
    expect(regionName('320699')).toBeUndefined();
    expect(regionFullName('320699')).toBeUndefined();
    expect(provinceOf('320699')).toBeUndefined();
  });

  test.each(['', '3206', '32060', '320600 ', '３２０６００', '320600000000', 'constructor', '__proto__'])(
    'is not "%s"',
    (code) => {
      expect(checkRegionCode(code)).toEqual({ ok: false, reason: 'must be six digits' });
      expect(regionName(code)).toBeUndefined();
    },
  );
});

describe('a statistical region code', () => {
  test('has twelve digits of which the table knows the first six', () => {
    expect(checkStatisticalRegionCode('320600000000')).toEqual({ ok: true });
    expect(isStatisticalRegionCode('653125100001')).toBe(true);
    expect(checkStatisticalRegionCode('320699000000')).toEqual({
      ok: false,
      reason: `has first six digits that are not in the table of region codes of ${regionTableDate}`,
    });
  });

  test.each(['320600', '320600000', '3206000000000', '32060000000X'])('is not %s', (code) => {
    expect(checkStatisticalRegionCode(code)).toEqual({ ok: false, reason: 'must be twelve digits' });
    expect(isStatisticalRegionCode(code)).toBe(false);
  });
});
