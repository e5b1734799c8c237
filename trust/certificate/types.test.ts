import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { builtInCertificateTypes, checkTypeCode, readCertificateTypes } from './types.ts';

const CODE = '11100000MB0143028R099';
const field = (key: string): object => ({ key, label: '字段', required: false, disclosable: true });
const definitions = (...fields: object[]): object => ({ note: '', types: [{ code: CODE, name: '示例证', fields }] });

function problemsOf(act: () => unknown): { pointer: string; code: string }[] {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError && error.code === 'VALIDATION_FAILED')
      return error.problems.map(({ pointer, code }) => ({ pointer, code }));
    throw error;
  }
  return [];
}

describe('types of certificates', () => {
  it('come with the program', () => {
    const names = [...builtInCertificateTypes.values()].map(({ name }) => name);
    expect(names).toEqual(['营业执照', '食品经营许可证', '公证书', '参保缴费证明']);
  });

  it('can be added and replaced by a region', () => {
    const types = readCertificateTypes(definitions(field('grade')), builtInCertificateTypes);
    expect(types.size).toBe(builtInCertificateTypes.size + 1);
    const again = readCertificateTypes(definitions(), types);
    expect(again.size).toBe(types.size);
    expect(again.get(CODE)?.fields).toEqual([]);
  });

  it('are refused with every wrong place', () => {
    const wrong = {
      note: '',
      types: [
        { code: '11100000MB0143028X001', name: '', fields: [{ ...field('a'), required: 'yes' }] },
        { code: CODE, name: '示例证', fields: [field('same'), field('same')], extra: 1 },
      ],
    };
    expect(problemsOf(() => readCertificateTypes(wrong))).toEqual([
      { pointer: '/types/0/code', code: 'IDENTIFIER' },
      { pointer: '/types/0/name', code: 'REQUIRED' },
      { pointer: '/types/0/fields/0/required', code: 'TYPE' },
      { pointer: '/types/1/fields/1/key', code: 'REPEATED' },
      { pointer: '/types/1/extra', code: 'UNKNOWN_FIELD' },
    ]);
  });

  it.each(['certificate_holder_name', 'related_case_number', 'Upper', '1st', '__proto__', ''])(
    'cannot have a field named "%s"',
    (key) => {
      expect(problemsOf(() => readCertificateTypes(definitions(field(key))))).toHaveLength(1);
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
