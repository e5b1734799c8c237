import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demandShape } from './json-shape.ts';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const refusal = expect.objectContaining({ code: 'REQUEST_INVALID' });

test('JSON of 32 levels and 100,000 values passes, and one more does not', () => {
  demandShape(nested(32));
  expect(() => demandShape(nested(33))).toThrow(refusal);
  expect(() => demandShape('{"a":'.repeat(33))).toThrow(refusal);
  demandShape(`[${'1,'.repeat(99_997)}1]`);
  expect(() => demandShape(`[${'1,'.repeat(100_000)}1]`)).toThrow(refusal);
  expect(() => demandShape(`[${'{},'.repeat(60_000)}{}]`)).toThrow(refusal);
});

test('signs within texts do not count', () => {
  demandShape(JSON.stringify({ text: `${'[{'.repeat(1000)}"\\" ${','.repeat(200_000)}`, other: '\\' }));
  expect(() => demandShape(`{"a\\"":${nested(32)}}`)).toThrow(refusal);
});

test('whatever is no JSON is looked at without harm', () => {
  demandShape('"never ends\\');
  fc.assert(fc.property(fc.string(), (text) => demandShape(text) === undefined));
});

test('it agrees with the depth that a parser finds', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const around = (value: unknown, steps: readonly boolean[]): unknown =>
    steps.reduce((inner, isList) => (isList ? [1, inner] : { '"[': inner }), value);
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.boolean(), { minLength: 25, maxLength: 40 }), (inner, steps) => {
      const value = around(inner, steps);
      if (depthOf(value) > 32) expect(() => demandShape(JSON.stringify(value))).toThrow(refusal);
      else demandShape(JSON.stringify(value));
    }),
  );
});
