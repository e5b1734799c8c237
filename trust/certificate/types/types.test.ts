import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import builtIn from './built-in.json' with { type: 'json' };
import { checkTypeCode } from './definition.ts';
import { builtInCertificateTypes, readCertificateTypes, typeNamed } from './types.ts';

const CODE = '11100000MB0143028R099';
const FOOD_LICENCE = '11100000MB0143028R032';

interface Definition {
  code: string;
  name: { zh: string; en: string };
  defined_by: string;
  replaces?: string[];
  claims: object[];
  schema: Record<string, unknown>;
}

const claim = (path: unknown, more: object = {}) => ({
  path,
  label: { zh: '字段', en: 'Field' },
  sd: 'always',
  ...more,
});
const definition = (changes: Partial<Definition> = {}): Definition => ({
  code: CODE,
  name: { zh: '示例证', en: 'Example' },
  defined_by: '示例机关',
  claims: [claim(['grade'])],
  schema: { type: 'object', properties: { grade: { type: 'string' } }, required: [], additionalProperties: false },
  ...changes,
});
const file = (...types: object[]): object => ({ note: '', types });
const objectOf = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

function problemsOf(definitions: unknown, base = builtInCertificateTypes): string[] {
  try {
    readCertificateTypes(definitions, base);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'VALIDATION_FAILED')
      return error.problems.map(({ pointer, code }) => `${pointer} ${code}`);
    throw error;
  }
  return [];
}

describe('the types of the program', () => {
  it('are those that the items of the national lists lead to', () => {
    expect([...builtInCertificateTypes.values()].map(({ name }) => name)).toEqual([
      '营业执照',
      '食品经营许可证',
      '公证书',
      '参保缴费证明',
      '有无犯罪记录证明',
      '不动产登记证明',
    ]);
  });

  it('say of each what the holder may keep back and what he may not', () => {
    for (const { claims, concealable, name } of builtInCertificateTypes.values()) {
      expect(concealable.size, name).toBeGreaterThan(0);
      expect(claims.length, name).toBeGreaterThan(concealable.size - 1);
    }
    const record = typeNamed(builtInCertificateTypes, '有无犯罪记录证明');
    expect(record?.concealable.has('/finding')).toBe(false);
    expect(record?.concealable.has('/former_names/*')).toBe(true);
  });

  it('are named by the digest of their canonical JSON, by which a certificate cites them', () => {
    const written = builtIn.types.find(({ code }) => code === FOOD_LICENCE);
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([one], [other]) => (one < other ? -1 : 1))
                .map(([name, member]) => [name, sorted(member)]),
            )
          : value;
    const digest = createHash('sha256')
      .update(JSON.stringify(sorted(written)))
      .digest('base64');
    expect(builtInCertificateTypes.get(FOOD_LICENCE)?.integrity).toBe(`sha256-${digest}`);
  });
});

describe('a region', () => {
  it('adds types of its own', () => {
    const types = readCertificateTypes(file(definition()), builtInCertificateTypes);
    expect(types.size).toBe(builtInCertificateTypes.size + 1);
    expect(typeNamed(types, '示例证')?.code).toBe(CODE);
  });

  it('never changes a type that is defined, under its code or under its name', () => {
    const types = readCertificateTypes(file(definition()), builtInCertificateTypes);
    expect(problemsOf(file(definition({ claims: [], schema: objectOf({}) })), types)).toEqual([
      '/types/0/code REPEATED',
      '/types/0/name/zh REPEATED',
    ]);
    expect(problemsOf(file(definition({ code: FOOD_LICENCE })))).toEqual(['/types/0/code REPEATED']);
    expect(problemsOf(file(definition({ name: { zh: '食品经营许可证', en: 'x' } })))).toEqual([
      '/types/0/name/zh REPEATED',
    ]);
    expect(problemsOf(file(definition(), definition()))).toEqual([
      '/types/1/code REPEATED',
      '/types/1/name/zh REPEATED',
    ]);
  });

  it('issues a type of its own in the place of another when it says so, and still reads the other', () => {
    const own = definition({ name: { zh: '食品经营许可证', en: 'x' }, replaces: [FOOD_LICENCE] });
    const types = readCertificateTypes(file(own), builtInCertificateTypes);
    expect(typeNamed(types, '食品经营许可证')?.code).toBe(CODE);
    expect(types.get(FOOD_LICENCE)).toMatchObject({ replacedBy: CODE, name: '食品经营许可证' });
    expect(builtInCertificateTypes.get(FOOD_LICENCE)).not.toHaveProperty('replacedBy');
    expect(problemsOf(file(definition({ replaces: ['11100000MB0143028R777'] })))).toEqual([
      '/types/0/replaces/0 NOT_IN_LIST',
    ]);
  });

  it('is told every wrong place at once', () => {
    const wrong = file(
      definition({
        code: '11100000MB0143028X001',
        name: { zh: '', en: 'x' },
        claims: [claim(['grade'], { sd: 'allowed' })],
      }),
      { ...definition(), extra: 1, schema: { type: 'array' } },
    );
    expect(problemsOf(wrong)).toEqual([
      '/types/0/code IDENTIFIER',
      '/types/0/name/zh REQUIRED',
      '/types/0/claims/0/sd NOT_IN_LIST',
      '/types/1/schema/type NOT_IN_LIST',
      '/types/1/extra UNKNOWN_FIELD',
    ]);
  });
});

describe('a definition is refused', () => {
  it.each<[string, Partial<Definition>, string[]]>([
    ['a label for no field', { claims: [claim(['grade']), claim(['colour'])] }, ['/types/0/claims/1/path NOT_IN_LIST']],
    ['a field without a label', { claims: [] }, ['/types/0/claims REQUIRED']],
    ['two labels for a field', { claims: [claim(['grade']), claim(['grade'])] }, ['/types/0/claims/1/path REPEATED']],
    ['a path of numbers', { claims: [claim([0])] }, ['/types/0/claims/0/path/0 TYPE']],
    ['an empty path', { claims: [claim([])] }, ['/types/0/claims/0/path REQUIRED']],
    [
      'a format that does not fit',
      { claims: [claim(['grade'], { format: 'date' })] },
      ['/types/0/claims/0/format FORMAT'],
    ],
    [
      'a required field that is none',
      { schema: objectOf({ grade: { type: 'string' } }, { required: ['colour'] }) },
      ['/types/0/schema/required NOT_IN_LIST'],
    ],
  ])('with %s', (_, changes, problems) => {
    expect(problemsOf(file(definition(changes)))).toEqual(problems);
  });

  it.each<[string, object, string]>([
    ['a keyword that we do not read', { type: 'string', pattern: '^(a+)+$' }, '/pattern UNKNOWN_FIELD'],
    ['a reference', { $ref: 'https://example.com/schema' }, '/type NOT_IN_LIST'],
    ['several types', { type: ['string', 'null'] }, '/type NOT_IN_LIST'],
    ['a format that we do not know', { type: 'string', format: 'email' }, '/format NOT_IN_LIST'],
    ['a text without bounds', { type: 'string', maxLength: 4001 }, '/maxLength RANGE'],
    ['a list without an end', { type: 'array', items: { type: 'string' } }, '/maxItems TYPE'],
    ['an open object', { type: 'object', properties: {} }, '/additionalProperties REQUIRED'],
    ['a name with capitals', objectOf({ Grade: { type: 'string' } }), '/properties/Grade FORMAT'],
    ['a minimum that is text', { type: 'integer', minimum: '0' }, '/minimum TYPE'],
  ])('with %s', (_, schema, problem) => {
    const wrong = definition({ schema: objectOf({ grade: schema }) });
    expect(problemsOf(file(wrong))).toEqual([`/types/0/schema/properties/grade${problem}`]);
  });

  it('when it is nested too deeply, however deep', () => {
    const deep = (levels: number): object =>
      levels === 0 ? { type: 'string' } : { type: 'array', maxItems: 1, items: deep(levels - 1) };
    for (const levels of [5, 2000]) {
      const [problem] = problemsOf(file(definition({ schema: objectOf({ grade: deep(levels) }) })));
      expect(problem).toBe(`/types/0/schema/properties/grade${'/items'.repeat(4)} TOO_DEEP`);
    }
  });

  it.each(['certificate_holder_name', 'related_case_number', 'Upper', '1st', '__proto__', ''])(
    'when a field is named "%s"',
    (name) => {
      const properties = JSON.parse(`{"${name}": {"type": "string"}}`);
      expect(
        problemsOf(file(definition({ claims: [claim([name || 'x'])], schema: objectOf(properties) }))),
      ).not.toEqual([]);
    },
  );
});

describe('a type code', () => {
  it.each(['11100000000013338W032', '11100000MB0143028R001'])('%s is good', (code) => {
    expect(checkTypeCode(code)).toEqual({ ok: true });
  });

  it.each(['11100000000013338W', '11100000000013338X032', '11100000000013338W03A', ''])('"%s" is not', (code) => {
    expect(checkTypeCode(code).ok).toBe(false);
  });
});
