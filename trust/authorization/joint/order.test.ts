import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circularParts, longestWay, stagesOf } from './order.ts';

const part = (id: string, after: string[] = [], working_days = 1) => ({ id, after, working_days });

describe('the order of the parts', () => {
  it('runs side by side what waits for nothing, and one after the other what does', () => {
    const parts = [
      part('d', ['b', 'c'], 4),
      part('a', [], 2),
      part('b', ['a'], 3),
      part('c', ['a'], 1),
      part('e', [], 9),
    ];
    expect(stagesOf(parts)).toEqual([['a', 'e'], ['b', 'c'], ['d']]);
    expect(longestWay(parts)).toBe(9);
    expect(longestWay(parts.slice(0, 4))).toBe(9);
    expect(longestWay(parts.slice(1, 4))).toBe(5);
    expect(circularParts(parts)).toEqual([]);
  });

  it.each([
    ['one that waits for itself', [part('a', ['a']), part('b')], ['a']],
    ['two that wait for each other', [part('a', ['b']), part('b', ['a']), part('c')], ['a', 'b']],
    [
      'a circle and what comes after it',
      [part('a', ['c']), part('b', ['a']), part('c', ['b']), part('d', ['c'])],
      ['a', 'b', 'c'],
    ],
    ['two circles', [part('a', ['b']), part('b', ['a']), part('c', ['d']), part('d', ['c'])], ['a', 'b', 'c', 'd']],
  ])('finds %s', (_, parts, circle) => {
    expect(circularParts(parts)).toEqual(circle);
    for (const id of circle) expect(stagesOf(parts).flat()).not.toContain(id);
  });

  it('takes every part once, and each after those that it waits for', () => {
    const graph = fc.array(fc.array(fc.nat(19), { maxLength: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(graph, (edges) => {
        // An edge leads to a part with a lower number, so there is no circle.
        const parts = edges.map((after, n) =>
          part(`p${n}`, [...new Set(after.filter((to) => to < n).map((to) => `p${to}`))]),
        );
        const flat = stagesOf(parts).flat();
        expect([...flat].sort()).toEqual(parts.map(({ id }) => id).sort());
        for (const { id, after } of parts)
          for (const before of after) expect(flat.indexOf(before)).toBeLessThan(flat.indexOf(id));
        expect(circularParts(parts)).toEqual([]);
      }),
    );
  });

  it('finds a circle wherever one is put', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(10), (size, more) => {
        const circle = Array.from({ length: size }, (_, n) => part(`c${n}`, [`c${(n + 1) % size}`]));
        const rest = Array.from({ length: more }, (_, n) => part(`r${n}`, n > 0 ? [`r${n - 1}`, 'c0'] : ['c0']));
        expect(circularParts([...rest, ...circle]).sort()).toEqual(circle.map(({ id }) => id).sort());
      }),
    );
  });
});
