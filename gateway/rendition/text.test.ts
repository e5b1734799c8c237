import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawable, wrap } from './text.ts';

/** A font with the Latin letters and the characters of the Unified Ideographs block. */
const font = { covers: (codePoint: number) => codePoint < 0x250 || (codePoint >= 0x3000 && codePoint <= 0xffef) };
const one = () => 1;

test('text that the font has stays as it is', () => {
  expect(drawable('阿不都·示例\n第二行', font)).toEqual({ text: '阿不都·示例\n第二行', missing: [] });
});

test.each([
  ['a rare character', '𠮷野', '〔U+20BB7〕野', ['𠮷']],
  ['a Uyghur name', '买买提 مەمەت', '买买提 〔U+0645 U+06D5 U+0645 U+06D5 U+062A〕', ['م', 'ە', 'ت']],
  ['a Mongolian name', 'ᠪᠠᠲᠤ。', '〔U+182A U+1820 U+1832 U+1824〕。', ['ᠪ', 'ᠠ', 'ᠲ', 'ᠤ']],
  ['control characters', 'a\u0007\tb', 'a〔U+0007 U+0009〕b', ['\u0007', '\t']],
])('%s is shown as code points and named', (_, text, shown, missing) => {
  expect(drawable(text, font)).toEqual({ text: shown, missing });
});

test('lines break between characters, and words and numbers stay whole', () => {
  expect(wrap('一二三四五六', 4, one)).toEqual(['一二三四', '五六']);
  expect(wrap('一二abc三', 4, one)).toEqual(['一二', 'abc三']);
  expect(wrap('abcdefgh', 4, one)).toEqual(['abcd', 'efgh']);
  expect(wrap('一\n\n二', 4, one)).toEqual(['一', '', '二']);
});

test('no line begins with closing punctuation', () => {
  expect(wrap('一二三四，五', 4, one)).toEqual(['一二三四，', '五']);
});

test('no line ends with opening punctuation, unless it is nothing else', () => {
  expect(wrap('一二三（四', 4, one)).toEqual(['一二三', '（四']);
  expect(wrap('（（（（（一', 4, one)).toEqual(['（（（（', '（一']);
});

test('nothing is lost and no line is much too long', () => {
  const texts = fc.string({ unit: fc.constantFrom('一', '二', '，', '。', '（', 'a', '1', ' ', '𠮷'), maxLength: 300 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 20 }), (text, width) => {
      const lines = wrap(text, width, one);
      expect(lines.join('')).toBe(text);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width + 1);
    }),
  );
});
