import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { Problem, Rule } from '#proto';
import type { Schema } from './schema.ts';
import { anyValuesRule, type FieldValue, valueRule } from './values.ts';

function codesOf(rule: Rule, value: unknown): string[] {
  const problems: Problem[] = [];
  rule(value, '', problems);
  return problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.record(
    {
      type: fc.constant('string' as const),
      minLength: fc.integer({ min: 1, max: 3 }),
      maxLength: fc.integer({ min: 3, max: 6 }),
      enum: fc.constant(['甲', '乙乙']),
      format: fc.constant('date' as const),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    {
      type: fc.constantFrom('integer' as const, 'number' as const),
      minimum: fc.integer({ min: -3, max: 0 }),
      maximum: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: ['type'] },
  ),
  fc.constant<Schema>({ type: 'boolean' }),
);
const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({
      type: fc.constant('array' as const),
      items: tie('schema'),
      minItems: fc.integer({ min: 0, max: 1 }),
      maxItems: fc.integer({ min: 1, max: 3 }),
    }),
    fc
      .tuple(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { noNullPrototype: true }),
        fc.infiniteStream(fc.boolean()),
      )
      .map(
        ([properties, coins]): Schema => ({
          type: 'object',
          properties,
          required: Object.keys(properties).filter(() => coins.next().value),
          additionalProperties: false,
        }),
      ),
  ),
}));
const word = fc.constantFrom('甲', '乙乙', '𠮷𠮷𠮷', '2026-02-28', '2026-02-30', 'x', 'xxxxxxx');
const { value } = fc.letrec<{ value: FieldValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.constantFrom<FieldValue>(0, 1, -2, 1.5, 4, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { noNullPrototype: true }),
  ),
}));
/** Mostly what the schema describes, since few values at random fit any. */
const fitting = (of: Schema): fc.Arbitrary<FieldValue> => {
  if (of.type === 'string') return word;
  if (of.type === 'boolean') return fc.boolean();
  if (of.type === 'array') return fc.array(fitting(of.items), { maxLength: 4 });
  if (of.type !== 'object') return fc.constantFrom(0, 1, -2, 1.5, 4);
  const members = Object.entries(of.properties).map(([name, inner]) => [name, fitting(inner)] as const);
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [],
    noNullPrototype: true,
  }) as fc.Arbitrary<FieldValue>;
};

describe('values', () => {
  it('are judged as another validator of JSON Schema judges them', () => {
    let good = 0;
    fc.assert(
      fc.property(
        schema.chain((of) =>
          fc.tuple(fc.constant(of), fc.oneof({ weight: 4, arbitrary: fitting(of) }, { weight: 1, arbitrary: value })),
        ),
        ([of, given]) => {
          const isGood = Value.Check(of as object, given);
          expect(codesOf(valueRule(of), given).length === 0).toBe(isGood);
          if (isGood) good += 1;
        },
      ),
      { numRuns: 2000 },
    );
    expect(good).toBeGreaterThan(100);
  });

  it.each([
    ['year-month', '2026-02', '2026-13'],
    ['social-credit-code', '91150626MA0000001R', '91150626MA0000001S'],
    ['citizen-number', '11010519491231002X', '110105194912310021'],
  ] as const)('have our own formats: %s', (format, good, bad) => {
    expect(codesOf(valueRule({ type: 'string', format }), good)).toEqual([]);
    expect(codesOf(valueRule({ type: 'string', format }), bad)).toEqual([' FORMAT']);
  });

  it('are never empty and never unprintable, whatever the schema', () => {
    expect(codesOf(valueRule({ type: 'string' }), '')).toEqual([' REQUIRED']);
    for (const text of ['a\u0000', '\uD800', '\uFFFD'])
      expect(codesOf(valueRule({ type: 'string' }), text)).toEqual([' CHARACTERS']);
    expect(codesOf(valueRule({ type: 'string' }), '第一行\n第二行')).toEqual([]);
    expect(codesOf(valueRule({ type: 'number' }), Number.NaN)).toEqual([' TYPE']);
    expect(codesOf(valueRule({ type: 'integer' }), 2 ** 53)).toEqual([' TYPE']);
  });

  it('may lack what the holder may keep back', () => {
    const of: Schema = {
      type: 'object',
      properties: {
        names: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2 },
        unit: { type: 'string' },
      },
      required: ['names', 'unit'],
      additionalProperties: false,
    };
    const shown = (...patterns: string[]) => valueRule(of, (pattern) => patterns.includes(pattern));
    expect(codesOf(shown(), { names: [] })).toEqual(['/names REQUIRED', '/unit REQUIRED']);
    expect(codesOf(shown('/names/*', '/unit'), { names: [] })).toEqual([]);
    expect(codesOf(shown('/names'), { unit: '1' })).toEqual([]);
  });
});

describe('values of a type that is not known', () => {
  it('are any that some definition could allow', () => {
    expect(codesOf(anyValuesRule, { a: '1', b: [1.5, { c: [true] }] })).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no object', ['a'], ' TYPE'],
    ['nothing', { a: null }, '/a TYPE'],
    ['an empty text', { a: '' }, '/a REQUIRED'],
    ['too many fields', Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`a${index}`, 1])), ' TOO_MANY'],
    ['too many entries', { a: Array(201).fill(1) }, '/a TOO_MANY'],
    ['a name that no field has', { a: { 'B/': 1 } }, '/a FORMAT'],
    ['nesting', { a: [[[[[1]]]]] }, '/a/0/0/0/0 TOO_DEEP'],
  ])('but not %s', (_, given, problem) => {
    expect(codesOf(anyValuesRule, given)).toEqual([problem]);
  });
});
