import { expect, test } from 'vitest';
import { judgeValidity } from './validity.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY_MS = 24 * 60 * 60 * 1000;
const THING = { what: 'x', zh: '声明', en: 'the statement', remedy: { zh: '续签', en: 'renew it' } };

test.each([
  [31, 'fine'],
  [30, 'warning'],
  [8, 'warning'],
  [7, 'warning'],
  [2, 'warning'],
  [1, 'wrong'],
  [0, 'wrong'],
  [-1, 'wrong'],
] as const)('with %i days left it is %s', (days, level) => {
  const finding = judgeValidity({ ...THING, notAfter: NOW + days * DAY_MS }, NOW);
  expect(finding.level).toBe(level);
  if (level !== 'fine')
    expect(finding).toMatchObject({ zh: expect.stringContaining('续签'), en: expect.stringContaining('renew it') });
});

test('a week before the end the words are more urgent than a month before', () => {
  const words = [30, 7, 1].map((days) => judgeValidity({ ...THING, notAfter: NOW + days * DAY_MS }, NOW).zh);
  expect(words).toEqual([
    expect.stringContaining('请安排'),
    expect.stringContaining('本周'),
    expect.stringContaining('今天'),
  ]);
});

test('what begins in the future points at the clock', () => {
  const finding = judgeValidity({ ...THING, notBefore: NOW + 1, notAfter: NOW + 100 * DAY_MS }, NOW);
  expect(finding).toMatchObject({ level: 'wrong', en: expect.stringContaining('clock') });
});
