import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circlesOf, type Ordered } from './order.ts';

/** Any order of up to nine parts, with circles or without. */
const anyOrder = fc
  .array(fc.array(fc.nat(8), { maxLength: 3 }), { minLength: 2, maxLength: 9 })
  .map((drawn): Ordered[] =>
    drawn.map((after, index) => ({ key: `p${index}`, after: [...new Set(after.map((n) => `p${n % drawn.length}`))] })),
  );

/** Takes parts away that wait for nobody until none is left, or none can be taken. */
function canEnd(parts: readonly Ordered[]): boolean {
  let left = parts;
  for (;;) {
    const keys = new Set(left.map(({ key }) => key));
    const rest = left.filter(({ after }) => after.some((before) => keys.has(before)));
    if (rest.length === 0) return true;
    if (rest.length === left.length) return false;
    left = rest;
  }
}

describe('B4 前后置: the order of a bundle', () => {
  it('B4: has a circle if and only if somebody would wait for ever, and every circle is a way that is there', () => {
    fc.assert(
      fc.property(anyOrder, (parts) => {
        const circles = circlesOf(parts);
        expect(circles.length === 0).toBe(canEnd(parts));
        for (const circle of circles) {
          expect(circle[0]).toBe(circle.at(-1));
          for (const [index, key] of circle.slice(0, -1).entries())
            expect(parts.find((part) => part.key === key)!.after).toContain(circle[index + 1]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('B4: names each circle once, a part that waits for itself too, and passes over keys of nobody', () => {
    const order = (entries: Record<string, string[]>) =>
      Object.entries(entries).map(([key, after]) => ({ key, after }));
    expect(circlesOf(order({ a: ['c'], b: ['a'], c: ['b'], d: ['d'], e: ['a', 'nobody'] }))).toEqual([
      ['a', 'c', 'b', 'a'],
      ['d', 'd'],
    ]);
    expect(circlesOf(order({ a: [], b: ['a'], c: ['a', 'b'] }))).toEqual([]);
  });
});
