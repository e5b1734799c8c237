import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskName, maskNumber } from './mask.ts';

const RARE = '\u{20BB7}';
const VARIANT = '葛\u{E0100}';

describe('a masked name', () => {
  test.each([
    ['王小明', '王*明'],
    ['李雷', '李*'],
    ['王', '*'],
    ['', ''],
    ['欧阳娜娜', '欧**娜'],
    ['阿卜杜热合曼·麦麦提江', '阿***·***江'],
    ['阿依古丽•买买提', '阿***•**提'],
    ['娜·木', '娜·*'],
    ['孛儿只斤·乌兰巴特尔·特木尔', '孛***·***·**尔'],
    ['MUSTERMANN ERIKA', 'M*** ***A'],
    ['ئابدۇراخمان مەمەت', 'ئ*** ***ت'],
    [`${RARE}${RARE}${RARE}`, `${RARE}*${RARE}`],
    [`${RARE}明`, `${RARE}*`],
    [`${VARIANT}小${VARIANT}`, `${VARIANT}*${VARIANT}`],
  ])('of %s is %s', (name, masked) => {
    expect(maskName(name)).toBe(masked);
  });

  test('shows at most two characters and never half of one', () => {
    const unit = fc.constantFrom('王', '明', '阿', RARE, '\u{30EDE}', 'A', 'ئ');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (name) => {
        const masked = maskName(name);
        expect(masked.isWellFormed()).toBe(true);
        expect([...masked].filter((character) => character !== '*').length).toBeLessThanOrEqual(2);
        if (name !== '') expect(masked).toContain('*');
      }),
    );
  });
});

describe('a masked number', () => {
  test.each([
    ['320600199001011234', '3206**********1234'],
    ['91350100M000100Y43', '9135**********0Y43'],
    ['13800005678', '138****5678'],
    ['E00000012', 'E0*****12'],
    ['12345678', '12****78'],
    ['12345', '1***5'],
    ['123', '***'],
    ['', ''],
  ])('of %s is %s', (number, masked) => {
    expect(maskNumber(number)).toBe(masked);
  });

  test('keeps its length and hides at least a third', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789X'), maxLength: 40 }), (number) => {
        const masked = maskNumber(number);
        const hidden = [...masked].filter((character) => character === '*').length;
        expect(masked).toHaveLength(number.length);
        expect(hidden * 3).toBeGreaterThanOrEqual(number.length);
      }),
    );
  });
});
