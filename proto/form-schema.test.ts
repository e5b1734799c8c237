import { describe, expect, it } from 'vitest';
import type { Problem } from './error-codes.ts';
import { checkForm, formSchemaText } from './form-schema.ts';

const FORM = {
  type: 'object',
  properties: {
    经营项目: { type: 'string', title: '经营项目', minLength: 2, maxLength: 10 },
    主体业态: { type: 'string', enum: ['餐饮服务', '食品销售'] },
    开业日期: { type: 'string', format: 'date' },
    联系电话: { type: 'string', format: 'mobile' },
    从业人数: { type: 'integer', minimum: 1, maximum: 5000 },
    面积: { type: 'number' },
    网络经营: { type: 'boolean' },
  },
  required: ['经营项目', '主体业态'],
  additionalProperties: false,
};

const named = (problems: readonly Problem[]) => problems.map(({ pointer, code }) => `${pointer} ${code}`);
const checked = (form: Record<string, string>) => named(checkForm(JSON.stringify(FORM), form, '/form'));

function judged(schema: unknown): string[] {
  const problems: Problem[] = [];
  formSchemaText(typeof schema === 'string' ? schema : JSON.stringify(schema), '/form', problems);
  return named(problems);
}

describe('the form of an item', () => {
  it('takes what is filled in as it asks', () => {
    const whole = { 开业日期: '2026-12-01', 联系电话: '13800000000', 从业人数: '14', 面积: '126.5', 网络经营: 'true' };
    expect(checked({ 经营项目: '热食制售', 主体业态: '餐饮服务', ...whole })).toEqual([]);
    expect(checked({ 经营项目: '热食制售', 主体业态: '食品销售', 面积: '' })).toEqual([]);
  });

  it('names everything that is missing, wrong or not asked for at once', () => {
    const wrong = {
      经营项目: '热',
      开业日期: '2026-02-30',
      联系电话: '1380000',
      从业人数: '0',
      面积: '很大',
      网络经营: '是',
      附言: '请加急',
    };
    expect(checked(wrong).sort()).toEqual(
      [
        '/form/主体业态 REQUIRED',
        '/form/从业人数 RANGE',
        '/form/开业日期 FORMAT',
        '/form/网络经营 NOT_IN_LIST',
        '/form/联系电话 FORMAT',
        '/form/经营项目 TOO_SHORT',
        '/form/附言 UNKNOWN_FIELD',
        '/form/面积 TYPE',
      ].sort(),
    );
    expect(checked({ 经营项目: '一二三四五六七八九十一', 主体业态: '其他' })).toEqual([
      '/form/经营项目 TOO_LONG',
      '/form/主体业态 NOT_IN_LIST',
    ]);
    expect(checked({ 经营项目: '热食', 主体业态: '餐饮服务', 从业人数: '1.5' })).toEqual(['/form/从业人数 TYPE']);
  });

  it('is any form where the item has none', () => {
    expect(checkForm('', { 附言: '请加急' }, '/form')).toEqual([]);
  });

  it('does not take a member of every object for a field', () => {
    expect(checked({ 经营项目: '热食', 主体业态: '餐饮服务', constructor: 'x' })).toEqual([
      '/form/constructor UNKNOWN_FIELD',
    ]);
  });
});

describe('the schema of a form', () => {
  it('is taken as it is', () => {
    expect(judged(FORM)).toEqual([]);
    expect(judged('')).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"type":', '/form FORMAT'],
    ['no object', [], '/form REQUIRED'],
    ['an open object', { ...FORM, additionalProperties: true }, '/form/additionalProperties REQUIRED'],
    ['another keyword', { ...FORM, $ref: '#' }, '/form/$ref UNKNOWN_FIELD'],
    [
      'a pattern',
      { ...FORM, properties: { a: { type: 'string', pattern: '(a+)+' } }, required: [] },
      '/form/properties/a/pattern UNKNOWN_FIELD',
    ],
    [
      'a nested form',
      { ...FORM, properties: { a: { type: 'object' } }, required: [] },
      '/form/properties/a/type NOT_IN_LIST',
    ],
    [
      'a name with a space',
      { ...FORM, properties: { 'a b': { type: 'string' } }, required: [] },
      '/form/properties/a b FORMAT',
    ],
    ['a demand for what it does not have', { ...FORM, required: ['面'] }, '/form/required/0 NOT_IN_LIST'],
    ['more than is read', `"${'x'.repeat(20_000)}"`, '/form TOO_LONG'],
  ])('is refused with %s', (_, schema, problem) => {
    expect(judged(schema)).toEqual([problem]);
  });
});
