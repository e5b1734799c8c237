import { expect, it } from 'vitest';
import { Holds } from './holds.ts';

it('lets no row of a case pass those that have to come first', () => {
  const holds = new Holds();
  expect(holds.blocks('p', '1')).toBe(false);
  expect(holds.fail('p', '1')).toBe(1);
  expect([holds.blocks('p', '2'), holds.blocks('p', '3'), holds.blocks('q', '4')]).toEqual([true, true, false]);
  expect(holds.blocks('p', '1')).toBe(false);
  expect(holds.fail('p', '1')).toBe(2);
  holds.release('p', '1');
  expect(holds.blocks('p', '3')).toBe(true);
  expect(holds.blocks('p', '2')).toBe(false);
  holds.release('p', '2');
  holds.release('p', '3');
  expect(holds.blocks('p', '9')).toBe(false);
  expect(holds.tries('p')).toBe(0);
});

it('forgets a row that never comes back', () => {
  const holds = new Holds();
  holds.fail('p', 'gone');
  expect([1, 2, 3].map(() => holds.blocks('p', '2'))).toEqual([true, true, true]);
  expect(holds.blocks('p', '2')).toBe(false);
});
