import { expect, it } from 'vitest';
import { inOrder, type Page } from './in-order.ts';
import type { Candidate } from './taken-row.ts';

function page(table: number, places: readonly unknown[], more = false, bytes = 1): Page {
  const rows = places.map(
    (place, n): Candidate => ({ id: `${table}/${n}`, table, key: n, lane: 'case/1', place, bytes }),
  );
  return { rows, more };
}

function order(...pages: Page[]): unknown[] {
  return inOrder(pages, true).map(({ table, place }) => `${table}:${place}`);
}

it('goes by the place, then by the table, then as the table has it', () => {
  expect(order(page(0, [1, 3, 3]), page(1, [1, 2, 3]))).toEqual(['0:1', '1:1', '1:2', '0:3', '0:3', '1:3']);
});

it('compares numbers as numbers, however they are told, and times as text', () => {
  expect(order(page(0, [9, '10']), page(1, ['9007199254740993']))).toEqual(['0:9', '0:10', '1:9007199254740993']);
  const times = page(1, ['2026-11-22 09:00:00', '2026-11-22 09:00:00.5']);
  expect(order(page(0, ['2026-11-22 09:00:00.25']), times)).toEqual([
    '1:2026-11-22 09:00:00',
    '0:2026-11-22 09:00:00.25',
    '1:2026-11-22 09:00:00.5',
  ]);
});

it('has NULL where the database has it, so that none behind it waits for ever', () => {
  const places = (pages: Page[], nullsFirst: boolean) => inOrder(pages, nullsFirst).map(({ place }) => place);
  expect(places([page(0, [null, 1], true), page(1, [1])], true)).toEqual([null, 1]);
  expect(places([page(0, [1, null], true), page(1, [2])], false)).toEqual([1, 2, null]);
});

it('leaves rows behind which a table may have earlier ones', () => {
  expect(order(page(0, [1, 2], true), page(1, [1, 2, 5]))).toEqual(['0:1', '1:1', '0:2']);
  expect(order(page(0, [1, 2], true), page(1, [0, 1], true))).toEqual(['1:0', '0:1', '1:1']);
  expect(order(page(0, []), page(1, [7, 7, 7], true))).toEqual(['1:7', '1:7', '1:7']);
});

it('takes no more bytes than it may, but always a row; one that is too long is not read and counts nothing', () => {
  const half = 700 * 1024;
  expect(
    inOrder(
      [
        page(
          0,
          Array.from({ length: 40 }, (_, n) => n),
          false,
          half,
        ),
      ],
      true,
    ),
  ).toHaveLength(23);
  expect(inOrder([page(0, [1, 2], false, 100 * 1024 * 1024)], true)).toHaveLength(2);
});
