import { describe, expect, it } from 'vitest';
import { regionUrn } from '#proto';
import { issueCertificate, presentCertificate, verifyCertificate } from './certificate.ts';
import type { CertificateContent } from './content.ts';
import { bindSdJwt } from './sd-jwt/key-binding.ts';
import { exampleContent, ISSUED_AT, nestedContent } from './testing/example-content.ts';
import { codeOf, DAY_MS, twoRegions } from './testing/two-regions.ts';
import type { FieldValue } from './types/values.ts';

const { uxin, nantong, statementOf, verify, problemsOf } = await twoRegions();

describe('a certificate of several holders', () => {
  const otherHolders = [
    { name: '示例甲', documentType: 'citizen-number', number: '11010519491231002X' },
    { name: '示例乙', documentType: 'passport', number: 'E12345678' },
  ] as const;

  it('shows each of them or not, as the holder wants', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent({ otherHolders }), ISSUED_AT);
    expect(verify(text).certificate.otherHolders).toEqual(otherHolders);
    const second = verify(presentCertificate(text, ['certificate_other_holders/1']));
    expect(second.certificate.otherHolders).toEqual([otherHolders[1]]);
    expect(second.disclosed).toEqual(['certificate_other_holders/1']);
    expect(verify(presentCertificate(text, [])).certificate.otherHolders).toEqual([]);
  });

  it('names every one that is wrong', async () => {
    const wrong = [otherHolders[0], { ...otherHolders[1], number: '' }, { ...otherHolders[0], number: '1' }];
    expect(await problemsOf(exampleContent({ otherHolders: wrong }))).toEqual([
      '/otherHolders/1/number REQUIRED',
      '/otherHolders/2/number IDENTIFIER',
    ]);
  });
});

describe('a certificate that is made out to a key', () => {
  const binding = { audience: regionUrn('320600'), nonce: 'n-0S6', maxAgeMs: 60_000 };

  it('is proven to be presented by its holder, when that is demanded', async () => {
    const holder = nantong.signing;
    const content = exampleContent({ holderKey: holder.publicJwk });
    const text = await issueCertificate(uxin.certificate, content, ISSUED_AT);
    const shown = presentCertificate(text, ['certificate_holder_name']);
    const bound = await bindSdJwt(shown, holder, binding, ISSUED_AT);
    const judge = (presented: string, demanded = true) =>
      verifyCertificate(presented, { statementOf, now: ISSUED_AT, ...(demanded && { binding }) });
    const { kty, crv, x, y } = holder.publicJwk;
    expect(judge(bound)).toMatchObject({ binding: 'proven', certificate: { holderKey: { kty, crv, x, y } } });
    expect(judge(bound, false).binding).toBe('unchecked');
    expect(judge(shown, false).binding).toBe('none');
    expect(codeOf(() => judge(shown))).toBe('CERTIFICATE_BINDING_MISSING');
    const stale = await bindSdJwt(shown, holder, binding, ISSUED_AT - DAY_MS);
    expect(codeOf(() => judge(stale))).toBe('CERTIFICATE_BINDING_STALE');
  });

  it('is not issued to what is no public key', async () => {
    for (const holderKey of [{}, { kty: 'RSA' }, { ...uxin.signing.publicJwk, d: 'AQ' }, 'x'])
      expect(await problemsOf(exampleContent({ holderKey: holderKey as object }))).toEqual(['/holderKey FORMAT']);
  });
});

describe('a type with values within values', () => {
  const content = nestedContent();
  const records = content.fields['records'] as readonly FieldValue[];

  it('lets every entry, and what is in it, be kept back', async () => {
    const text = await issueCertificate(uxin.certificate, content, ISSUED_AT);
    expect(verify(text)).toMatchObject({ definition: 'known', certificate: { fields: content.fields } });
    const one = verify(presentCertificate(text, ['records/1', 'months_paid']));
    expect(one.certificate.fields).toEqual({
      insurance_kind: '企业职工基本养老保险',
      months_paid: 54,
      records: [records[1]],
    });
    const bare = verify(presentCertificate(text, ['records/0/base']));
    expect(bare.certificate.fields).toMatchObject({ records: [{ from: '2020-01', until: '2020-12', base: 5000.5 }] });
    expect(codeOf(() => presentCertificate(text, ['records/2']))).toBe('VALIDATION_FAILED');
  });

  it('names every wrong place', async () => {
    const wrong = {
      ...content.fields,
      months_paid: '54',
      paid_until: '2024-13',
      records: [{ from: '2020-01', base: -1 }],
    };
    expect(await problemsOf({ ...content, fields: wrong })).toEqual([
      '/fields/paid_until FORMAT',
      '/fields/months_paid TYPE',
      '/fields/records/0/until REQUIRED',
      '/fields/records/0/base RANGE',
    ]);
  });
});

describe('the number of digests', () => {
  it('does not tell which fields were filled in', async () => {
    const digestsOf = async (content: CertificateContent): Promise<number> => {
      const text = await issueCertificate(uxin.certificate, content, ISSUED_AT);
      return JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())._sd.length;
    };
    const { fields } = exampleContent();
    const more = exampleContent({ fields: { ...fields, supervising_body: '示例监管所' } });
    expect(await digestsOf(more)).toBe(await digestsOf(exampleContent()));
  });
});
