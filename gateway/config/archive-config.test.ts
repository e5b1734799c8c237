import { expect, it } from 'vitest';
import type { Problem } from '#proto';
import { archiveOf, archiveRule } from './archive-config.ts';

const inData = (path: string) => `/data/${path}`;

function problems(section: unknown): string[] {
  const found: Problem[] = [];
  archiveRule(section, '', found);
  return found.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('archives after ninety days and purges nothing unless told', () => {
  expect(archiveOf({}, inData)).toEqual({ folder: '/data/archive', afterDays: 90, purgeAfterDays: undefined });
  expect(archiveOf({ folder: 'worm', after_days: 0, purge_after_days: 365 }, inData)).toEqual({
    folder: '/data/worm',
    afterDays: 0,
    purgeAfterDays: 365,
  });
});

it('purges nothing that could come again', () => {
  expect(problems({ after_days: 0, purge_after_days: 60 })).toEqual([]);
  expect(problems({ after_days: -1, purge_after_days: 59, keep: 1 })).toEqual([
    '/after_days RANGE',
    '/purge_after_days RANGE',
    '/keep UNKNOWN_FIELD',
  ]);
});
