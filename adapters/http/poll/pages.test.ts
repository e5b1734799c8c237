import { expect, it } from 'vitest';
import { pagerOf } from './pages.ts';

it.each([
  ['iso', '+275760-09-13T00:00:00.000Z', '2026-11-22T02:00:00.000Z', '2026-11-22T01:59:00.000Z'],
  ['iso', '-271821-04-20T00:00:00.000Z', '2026-11-22T02:00:00.000Z', '2026-11-22T01:59:00.000Z'],
  ['iso', '9999-12-31T00:00:00Z', '2026-11-22T02:00:00.000Z', '2026-11-22T01:59:00.000Z'],
  ['datetime', '+275760-09-13 07:59:59', '2026-11-22 10:00:00', '2026-11-22 09:59:00'],
] as const)('one %s record of %s does not end the list for ever', (format, wrong, right, asked) => {
  const pager = pagerOf({ by: 'newest', name: 'since', field: 'at', format, overlap: 60 });
  expect(pager.after(undefined, {}, [{ at: wrong }])).toEqual({ next: undefined, kept: undefined });
  const { kept } = pager.after(undefined, {}, [{ at: wrong }, { at: right }]);
  expect([kept, pager.parameter(kept)]).toEqual([right, asked]);
});

it.each([
  ['as many as a page holds', { size: 3 }, [5, 5, 5], true],
  ['as many, those of the overlap among them', { size: 3, overlap: 2 }, [4, 5, 5], true],
  ['fewer', { size: 4 }, [5, 5, 5], undefined],
  ['a hundred, all as new as each other', {}, Array(100).fill(5), true],
  ['ninety-nine', {}, Array(99).fill(5), undefined],
  ['a hundred, some older', { overlap: 2 }, [4, ...Array(99).fill(5)], undefined],
  ['as many, some newer', { size: 3 }, [5, 5, 6], undefined],
] as const)('tells that there is no way on behind %s', (_, config, newest, isStuck) => {
  const pager = pagerOf({ by: 'newest', name: 'since', field: 'n', ...config });
  const records = newest.map((n) => ({ n }));
  expect(pager.after('5', {}, records).isStuck).toBe(isStuck);
  expect(pager.after('4', {}, records).isStuck).toBeUndefined();
});
