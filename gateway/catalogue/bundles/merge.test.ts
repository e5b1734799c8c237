import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkForm, type FormField, type messages } from '#proto';
import { mergedSchema, mergeForms } from './merge-forms.ts';
import { mergeMaterials } from './merge-materials.ts';
import { narrowField } from './narrow-field.ts';

const form = (key: string, properties: Record<string, FormField>, required: string[] = []) => {
  return { key, formSchema: JSON.stringify({ type: 'object', properties, required, additionalProperties: false }) };
};
const NAME = { type: 'string', maxLength: 100 } as const;

describe('B2 一表申请: the merged form', () => {
  it('B2: asks once for what has the same name and takes the same values, and is required where any part requires it', () => {
    const { fields, problems } = mergeForms(
      [
        form('licence', { 企业名称: { ...NAME, title: '名称' }, 面积: { type: 'number' } }),
        form('tax', { 企业名称: NAME, 税种: { type: 'string', enum: ['甲', '乙'] } }, ['企业名称', '税种']),
        { key: 'any', formSchema: '' },
      ],
      [],
    );
    expect(problems).toEqual([]);
    expect(mergedSchema(fields)).toEqual({
      type: 'object',
      properties: {
        企业名称: { ...NAME, title: '名称' },
        面积: { type: 'number' },
        税种: { type: 'string', enum: ['甲', '乙'] },
      },
      required: ['企业名称', '税种'],
      additionalProperties: false,
    });
    expect(fields[0]!.askedBy).toEqual([
      { part: 'licence', name: '企业名称' },
      { part: 'tax', name: '企业名称' },
    ]);
  });

  const parts = [form('licence', { 地址: NAME }, ['地址']), form('tax', { 地址: { ...NAME, maxLength: 50 } })];

  it('B2: names a field of one name and two meanings, and takes it as two once one is renamed', () => {
    expect(mergeForms(parts, []).problems).toMatchObject([{ pointer: '/parts/1/item', code: 'FORM_CONFLICT' }]);
    const renamed = mergeForms(parts, [{ name: '税务地址', of: [{ part: 'tax', name: '地址' }] }]);
    expect(renamed.problems).toEqual([]);
    expect(renamed.fields.map(({ name }) => name)).toEqual(['地址', '税务地址']);
  });

  it('B2: joins what is said to be the same thing, and takes what is good for both', () => {
    const of = [
      { part: 'licence', name: '地址' },
      { part: 'tax', name: '地址' },
    ];
    const { fields, problems } = mergeForms(parts, [{ name: '住所', of }]);
    expect(problems).toEqual([]);
    expect(fields).toEqual([
      { name: '住所', schema: { type: 'string', maxLength: 50 }, isRequired: true, askedBy: of },
    ]);
    const never = [form('a', { x: { type: 'integer' } }), form('b', { y: { type: 'string' } })];
    const both = [
      { part: 'a', name: 'x' },
      { part: 'b', name: 'y' },
    ];
    expect(mergeForms(never, [{ name: 'z', of: both }]).problems).toMatchObject([{ code: 'FORM_CONFLICT' }]);
  });

  it('B2: refuses two fields of one part under one name', () => {
    const alias = { name: '住所', of: [{ part: 'licence', name: '地址' }] };
    const twice = [form('licence', { 住所: NAME, 地址: NAME })];
    expect(mergeForms(twice, [alias]).problems).toMatchObject([{ pointer: '/parts/0/item', code: 'DUPLICATE' }]);
  });

  const bound = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined });
  const field = fc
    .record({
      minLength: bound,
      maxLength: bound,
      enum: fc.option(fc.uniqueArray(fc.constantFrom('a', 'bb', 'ccc'), { minLength: 1 }), { nil: undefined }),
    })
    .map((rules) => ({ type: 'string', ...JSON.parse(JSON.stringify(rules)) }) as FormField);

  it('B2: what two joined fields take together is what each of them takes', () => {
    const takes = (schema: FormField, value: string) =>
      checkForm(form('x', { f: schema }).formSchema, { f: value }, '').length === 0;
    fc.assert(
      fc.property(field, field, (one, other) => {
        const both = narrowField(one, other);
        for (const value of ['a', 'bb', 'ccc', 'dddd', 'e'.repeat(9)])
          expect(both ? takes(both, value) : false).toBe(takes(one, value) && takes(other, value));
      }),
      { numRuns: 500 },
    );
  });
});

describe('B3 一套材料: the merged list', () => {
  const rule = (name: string, changes: Partial<messages.MaterialRule> = {}): messages.MaterialRule => ({
    ...{ name, originalToBeChecked: false, mayFollowLater: false, specification: '' },
    ...{ originals: 0, copies: 0, blankForm: '', sampleForm: '' },
    ...changes,
  });

  it('B3: asks once for each, keeps the strictest demand, and says which parts need it', () => {
    const { materials, problems } = mergeMaterials(
      [
        { key: 'licence', materials: [rule('营业执照', { copies: 3, mayFollowLater: true, specification: 'A4' })] },
        {
          key: 'tax',
          materials: [
            rule('营业执照', { originals: 1, originalToBeChecked: true, specification: 'A4' }),
            rule('图纸', { copies: 2 }),
          ],
        },
        {
          key: 'fund',
          materials: [rule('执照副本', { copies: 1 }), rule('图纸', { copies: 5, mayFollowLater: true })],
        },
      ],
      [
        {
          name: '营业执照',
          of: [
            { part: 'fund', name: '执照副本' },
            { part: 'tax', name: '营业执照' },
          ],
        },
      ],
    );
    expect(problems).toEqual([]);
    expect(materials).toEqual([
      {
        name: '营业执照',
        ...{ originalToBeChecked: true, mayFollowLater: false, originals: 1, copies: 0, specifications: ['A4'] },
        askedBy: [
          { part: 'licence', name: '营业执照' },
          { part: 'tax', name: '营业执照' },
          { part: 'fund', name: '执照副本' },
        ],
      },
      {
        name: '图纸',
        ...{ originalToBeChecked: false, mayFollowLater: false, originals: 0, copies: 5, specifications: [] },
        askedBy: [
          { part: 'tax', name: '图纸' },
          { part: 'fund', name: '图纸' },
        ],
      },
    ]);
  });

  it('B3: refuses two materials of one part under one name', () => {
    const alias = { name: '图', of: [{ part: 'a', name: '平面图' }] };
    const list = [{ key: 'a', materials: [rule('图'), rule('平面图')] }];
    expect(mergeMaterials(list, [alias]).problems).toMatchObject([{ pointer: '/parts/0/item', code: 'DUPLICATE' }]);
  });
});
