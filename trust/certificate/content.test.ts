import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { issueCertificate } from './certificate.ts';
import { exampleContent, ISSUED_AT, mint } from './testing/example-content.ts';
import { twoRegions } from './testing/two-regions.ts';

const { uxin, problemsOf } = await twoRegions();

describe('issuing refuses', () => {
  it('every wrong field at once', async () => {
    const wrong = exampleContent({
      identifier: '1.2.156.3005.2.x',
      number: '',
      region: '999999',
      authority: { name: '', code: '11150626MB00000015' },
      holder: { name: '王小明', documentType: 'citizen-number', number: '11010519491231002' },
      item: 'EX 018',
      fields: { legal_representative: '王小明', unheard_of: 'x', 'a/b': 'x' },
    });
    expect(await problemsOf(wrong)).toEqual([
      '/identifier IDENTIFIER',
      '/number REQUIRED',
      '/region IDENTIFIER',
      '/authority/name REQUIRED',
      '/authority/code IDENTIFIER',
      '/holder/number IDENTIFIER',
      '/item IDENTIFIER',
      '/fields/residence REQUIRED',
      '/fields/business_premises REQUIRED',
      '/fields/business_form REQUIRED',
      '/fields/business_items REQUIRED',
      '/fields/unheard_of UNKNOWN_FIELD',
      '/fields/a~1b UNKNOWN_FIELD',
    ]);
  });

  it.each([
    ['a type that is not defined', { typeCode: '11100000MB0143028R777' }, '/typeCode NOT_IN_LIST'],
    ['an identifier of another type', { identifier: mint('11100000MB0143028R001', '1') }, '/identifier IDENTIFIER'],
    ['an end before the beginning', { validUntil: ISSUED_AT }, '/validUntil RANGE'],
  ])('%s', async (_, changes, problem) => {
    expect(await problemsOf(exampleContent(changes))).toEqual([problem]);
  });

  it('and signs nothing then', async () => {
    let asked = 0;
    const counting = { ...uxin.certificate, sign: async () => Buffer.alloc(64, ++asked) };
    await expect(issueCertificate(counting, exampleContent({ number: '' }), ISSUED_AT)).rejects.toThrow(CodedError);
    expect(asked).toBe(0);
  });
});
