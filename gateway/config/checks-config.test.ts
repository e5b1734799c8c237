import { expect, it } from 'vitest';
import type { Problem } from '#proto';
import { checksOf, checksRule } from './checks-config.ts';

function problems(section: unknown): string[] {
  const found: Problem[] = [];
  checksRule(section, '', found);
  return found.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('asks every question anew unless told, uses what others allow for five minutes, and keeps all for three years', () => {
  expect(checksOf({})).toEqual({ answerSeconds: 0, reuseSeconds: 300, keepDays: 1095 });
  const told = checksOf({ answer_valid_seconds: 60, reuse_seconds: 0, keep_days: 30 });
  expect(told).toEqual({ answerSeconds: 60, reuseSeconds: 0, keepDays: 30 });
});

it('takes times from nothing to a day', () => {
  expect(problems({ answer_valid_seconds: 0, reuse_seconds: 86_400 })).toEqual([]);
  expect(problems({ keep_days: 1 })).toEqual([]);
  expect(problems({ answer_valid_seconds: -1, reuse_seconds: 86_401, keep_days: 0, cache: 1 })).toEqual([
    '/answer_valid_seconds RANGE',
    '/reuse_seconds RANGE',
    '/keep_days RANGE',
    '/cache UNKNOWN_FIELD',
  ]);
});
