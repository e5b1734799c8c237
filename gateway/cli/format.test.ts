import { expect, test } from 'vitest';
import { chinaTime, humanSize, nextPage, pairs, plain, shortType, table, widthOf } from './format.ts';

test('Chinese characters take two columns, marks without width none', () => {
  expect(widthOf('南通ab')).toBe(6);
  expect(widthOf('（全角）')).toBe(8);
  expect(widthOf('e\u0301')).toBe(1);
  expect(widthOf('𠮷')).toBe(2);
});

test('columns line up under Chinese headers', () => {
  const lines = table(
    ['地区', 'Name'],
    [
      ['320600', '南通'],
      [1, undefined],
    ],
    'none',
  ).split('\n');
  expect(lines).toEqual(['地区    Name', '------  ----', '320600  南通', '1', '']);
});

test('an empty table is a sentence', () => {
  expect(table(['A'], [], '没有 / none')).toBe('没有 / none\n');
});

test('what a peer wrote cannot steer the terminal', () => {
  expect(plain('a\u001b[2Jb\u202ec\u0007\nd')).toBe('a\ufffd[2Jb\ufffdc\ufffd d');
  expect(table(['A'], [['x\u001b[31m\ny']], '')).not.toContain('\u001b');
  expect(pairs([['A', 'x\u001b[31m\ny']])).toBe('A  x\ufffd[31m y\n');
});

test('pairs leave out what is empty and line up', () => {
  const shown = pairs([
    ['编号', '1'],
    ['Id', undefined],
    ['代码', ''],
    ['X', 0],
  ]);
  expect(shown).toBe('编号  1\nX     0\n');
});

test('times are those of China', () => {
  expect(chinaTime(Date.UTC(2026, 10, 22, 20, 30, 5))).toBe('2026-11-23 04:30:05');
  expect(chinaTime(undefined)).toBe('');
  expect(chinaTime(null)).toBe('');
});

test('sizes have a fitting unit', () => {
  expect([0, 1023, 1024, 5 * 1024 ** 2, 3 * 1024 ** 4].map(humanSize)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '5.0 MiB',
    '3.0 TiB',
  ]);
});

test('a type is shown without its package, a next page only when there is one', () => {
  expect(shortType('tongban.v1.CaseTransfer')).toBe('CaseTransfer');
  expect(shortType('Ping')).toBe('Ping');
  expect(nextPage(undefined)).toBe('');
  expect(nextPage('abc')).toContain('--cursor abc');
});
