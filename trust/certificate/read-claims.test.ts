import { describe, expect, it } from 'vitest';
import { issueCertificate, presentCertificate, verifyCertificate } from './certificate.ts';
import { exampleContent, FOOD_LICENCE, ISSUED_AT, mint } from './testing/example-content.ts';
import { catchCoded, codeOf, twoRegions } from './testing/two-regions.ts';

const { uxin, statementOf, verify, forge } = await twoRegions();

/** What makes the definition of its type another than ours. */
const UNKNOWN_TYPE: Record<string, unknown> = {
  'vct#integrity': 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
};
const STAMP = {
  certificate_copy_of: 'A'.repeat(43),
  certificate_copy_creation_time: '2026-11-20T08:00:00+08:00',
  certificate_copy_creator: '示例',
  certificate_copy_cause: '办理贷款',
  certificate_copy_expiring_time: '2026-12-20T08:00:00+08:00',
};

function nested(levels: number): unknown {
  return levels === 0 ? 'x' : [nested(levels - 1)];
}

function prefixed(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`field_${name}`, value]));
}

describe('verifying refuses', () => {
  it('a wrong identifier, or one of another type or authority', async () => {
    const { identifier } = exampleContent();
    const wrong = [undefined, 7, 'x', `${identifier.slice(0, -1)}${identifier.endsWith('0') ? '1' : '0'}`];
    for (const value of [...wrong, mint('11100000MB0143028R001', '2026000001')]) {
      const forged = await forge({ certificate_identifier: value });
      expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_IDENTIFIER');
    }
  });

  it.each([
    ['no signing time', { iat: undefined }],
    ['a signing time that is text', { iat: '1' }],
    ['no beginning', { nbf: undefined }],
    ['an end before the beginning', { exp: ISSUED_AT / 1000, certificate_validate_end: '2026-11-20' }],
    ['an end that is text', { exp: '9999999999' }],
    ['a printed end that differs', { certificate_validate_end: '长期' }],
    ['a printed beginning that differs', { certificate_validate_start: '2020-01-01' }],
    ['a version that differs from the identifier', { certificate_version: '002' }],
    ['a defining authority that is not that of the type', { certificate_define_authority_code: '11100000MB0000001T' }],
    ['an integrity that is no text', { 'vct#integrity': 1 }],
    ['a part of a stamp', { certificate_copy_cause: '办理贷款' }],
    [
      'a stamp of another moment than the signature',
      { ...STAMP, certificate_copy_creation_time: '2026-11-20T08:00:01+08:00' },
    ],
    ['a stamp at the end of all times', { ...STAMP, certificate_copy_creation_time: '+275760-09-13T00:00:00.000Z' }],
    ['a stamp without an end', { ...STAMP, certificate_copy_expiring_time: '长期' }],
    ['no authority', { certificate_issuing_authority_name: undefined }],
    ['an unknown kind of holder', { certificate_holder_type: '000' }],
    ['a field whose name is not allowed', { field_Residence: 'x' }],
    ['other holders that are none', { certificate_other_holders: [{ certificate_holder_name: 'x' }] }],
    ['a holder key that is none', { cnf: { jwk: {} } }],
    ...[{ residence: 'a\u0000b' }, { residence: null }, { x: nested(5) }, { x: Array(201).fill('x') }].map(
      (fields): [string, Record<string, unknown>] => [
        'wrong fields of a type that is not known',
        { ...UNKNOWN_TYPE, ...prefixed(fields) },
      ],
    ),
  ])('%s', async (_, changes) => {
    const forged = await forge(changes);
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_MALFORMED');
  });

  it.each([
    ['a vct that contradicts the type', { vct: 'urn:tongban:certificate:11100000MB0143028R001' }],
    ['no vct', { vct: undefined }],
    ['a field that is not text', { field_residence: { street: 'x' } }],
    ['a field with control characters', { field_residence: 'a\u0000b' }],
    ['a field that the type does not have', { field_colour: 'x' }],
    ['a field that is too long', { field_business_items: 'x'.repeat(4001) }],
  ])('%s, by the code of types', async (_, changes) => {
    const forged = await forge(changes);
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_TYPE');
  });

  it('a certificate of another type than was demanded', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const demand = (typeCode: string) =>
      codeOf(() => verifyCertificate(text, { statementOf, now: ISSUED_AT, typeCode }));
    expect(demand(FOOD_LICENCE)).toBe('none');
    expect(demand('11100000MB0143028R001')).toBe('CERTIFICATE_TYPE');
  });

  it('a hidden field that its type never lets the holder keep back', async () => {
    const forged = await forge({}, ['field_complaint_line']);
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_DISCLOSURE');
    const unknown = await forge(UNKNOWN_TYPE, ['field_complaint_line']);
    expect(verify(unknown).definition).toBe('unknown');
  });

  it.each(['exp', 'nbf', 'vct', 'iat', 'iss', 'certificate_identifier', 'certificate_validate_end'])(
    'a hidden %s, shown or not',
    async (name) => {
      const forged = await forge({}, [name]);
      expect(codeOf(() => verify(forged))).not.toBe('none');
      expect(codeOf(() => verify(`${forged.split('~')[0]}~`))).not.toBe('none');
    },
  );

  it('a disclosed claim that must be visible, by its own code', async () => {
    const forged = await forge({}, ['exp']);
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_DISCLOSURE');
  });

  it('never puts what the holder kept back into a message', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const forged = await forge({ certificate_holder_name: '王小明\u0000', certificate_holder_type: '000' });
    for (const act of [() => verify(forged), () => presentCertificate(text, ['王小明'])]) {
      const { message, problems } = catchCoded(act)!;
      expect(message + JSON.stringify(problems)).not.toContain('王小明');
    }
  });
});
