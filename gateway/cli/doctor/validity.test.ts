import { expect, test } from 'vitest';
import type { Validity } from '../../standing/validity.ts';
import { judgeValidities } from './validity.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY_MS = 24 * 60 * 60 * 1000;

const OWNER = {
  what: 'validity',
  of: { zh: '', en: '' },
  remedy: () => ({ zh: '续签', en: 'renew it', page: 'statement-expiry' }) as const,
};
const ending = (days: number, subject: Validity['subject'] = 'statement'): Validity => ({
  region: '320600',
  subject,
  notBefore: NOW - DAY_MS,
  notAfter: NOW + days * DAY_MS,
});

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
  const [finding] = judgeValidities(OWNER, [ending(days)], NOW);
  expect(finding?.level).toBe(level);
  if (level === 'fine') expect(finding).not.toHaveProperty('todo');
  else
    expect(finding).toMatchObject({
      todo: { zh: expect.stringContaining('续签'), en: expect.stringContaining('renew it') },
      page: 'docs/runbooks/statement-expiry.md',
    });
});

test('a week before the end the words are more urgent than a month before', () => {
  const words = [30, 7, 1].map((days) => judgeValidities(OWNER, [ending(days)], NOW)[0]?.todo?.zh);
  expect(words).toEqual(['请安排:续签', '本周内办:续签', '今天就办:续签']);
});

test('only what must be dealt with is named, and when all is well the one that ends first', () => {
  const named = judgeValidities(OWNER, [ending(300), ending(5, 'tls'), ending(-1, 'log')], NOW);
  expect(named.map(({ zh }) => zh)).toEqual([
    expect.stringContaining('TLS 证书'),
    expect.stringContaining('日志密钥已于'),
  ]);
  const well = judgeValidities(OWNER, [ending(300), ending(200, 'signing')], NOW);
  expect(well).toMatchObject([{ level: 'fine', zh: expect.stringContaining('签名密钥') }]);
});

test('what begins in the future points at the clock', () => {
  const [finding] = judgeValidities(OWNER, [{ ...ending(100), notBefore: NOW + 1 }], NOW);
  expect(finding).toMatchObject({ level: 'wrong', page: 'docs/runbooks/clock.md' });
});
