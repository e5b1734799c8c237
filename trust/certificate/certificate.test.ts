import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CodedError, regionUrn, TYP } from '#proto';
import { signJws } from '../jws.ts';
import type { RegionStatement } from '../region/statement.ts';
import { SUITE_NAMES } from '../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { othersVerify } from '../testing/jws-oracle.ts';
import {
  demandInForce,
  issueCertificate,
  presentCertificate,
  type VerifiedCertificate,
  verifyCertificate,
} from './certificate.ts';
import type { CertificateContent } from './content.ts';
import { createDisclosure } from './sd-jwt/disclosure.ts';
import { issueSdJwt } from './sd-jwt/issue.ts';
import { bindSdJwt } from './sd-jwt/key-binding.ts';
import { exampleContent, FOOD_LICENCE, ISSUED_AT, mint, nestedContent } from './testing/example-content.ts';
import { builtInCertificateTypes } from './types/types.ts';
import type { FieldValue } from './types/values.ts';
import { writeClaims } from './write-claims.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEYS_FROM = ISSUED_AT - 10 * DAY_MS;

let uxin: ThrowawayRegion;
let nantong: ThrowawayRegion;
beforeAll(async () => {
  uxin = await throwawayRegion('150626', { now: KEYS_FROM });
  nantong = await throwawayRegion('320600', { now: KEYS_FROM });
});

const statementOf = (code: string): RegionStatement | undefined =>
  [uxin, nantong].find(({ region }) => region === code)?.statement;

function verify(text: string, now = ISSUED_AT + DAY_MS): VerifiedCertificate {
  return verifyCertificate(text, { statementOf, now });
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}

async function problemsOf(content: CertificateContent): Promise<string[]> {
  const failure = await issueCertificate(uxin.certificate, content, ISSUED_AT).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) return [];
  if (!(failure instanceof CodedError) || failure.code !== 'VALIDATION_FAILED') throw failure;
  return failure.problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

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

/** Signs whatever claims, as only a broken or dishonest issuer would. */
function forge(changes: Record<string, unknown>, hide: readonly string[] = []): Promise<string> {
  const type = builtInCertificateTypes.get(FOOD_LICENCE)!;
  const { claims } = writeClaims(exampleContent(), type, ISSUED_AT);
  const merged = Object.fromEntries(
    Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined),
  );
  return issueSdJwt(uxin.certificate, TYP.certificate, merged, { disclosable: hide.map((name) => `/${name}`) });
}

describe.each(SUITE_NAMES)('a certificate signed with %s', (suite) => {
  it('shows all that was issued', async () => {
    const region = await throwawayRegion('150626', { now: KEYS_FROM, suite });
    const content = exampleContent();
    const text = await issueCertificate(region.certificate, content, ISSUED_AT + 1500);
    const verified = verifyCertificate(text, { statementOf: () => region.statement, now: ISSUED_AT + DAY_MS });
    const { issuedAt: _, ...same } = content;
    expect(verified.certificate).toEqual({
      ...same,
      typeName: '食品经营许可证',
      version: '001',
      definedBy: { code: '11100000MB0143028R', name: '国家市场监督管理总局' },
      issuedOn: '2026-11-20',
      signedAt: ISSUED_AT + 1000,
    });
    expect(verified).toMatchObject({
      issuer: '150626',
      kid: region.certificate.kid,
      identifier: content.identifier,
      status: 'valid',
      definition: 'known',
      binding: 'none',
    });
    expect(verified.digest).toHaveLength(32);
  });

  it('has the header and signature of an SD-JWT VC to another implementation', async () => {
    const region = await throwawayRegion('150626', { now: KEYS_FROM, suite });
    const text = await issueCertificate(region.certificate, exampleContent(), ISSUED_AT);
    const { header, payload } = await othersVerify(text, region.certificate);
    expect(header).toEqual({ alg: suite, kid: region.certificate.kid, typ: 'dc+sd-jwt' });
    expect(payload).toMatchObject({
      iss: 'urn:tongban:region:150626',
      vct: `urn:tongban:certificate:${FOOD_LICENCE}`,
      iat: ISSUED_AT / 1000,
      nbf: ISSUED_AT / 1000,
      certificate_type_name: '食品经营许可证',
      certificate_validate_start: '2026-11-20',
      certificate_validate_end: '2031-11-19',
      certificate_holder_type: '001',
    });
  });
});

describe('presenting', () => {
  it('shows any chosen fields and no others, with the same digest', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const whole = verify(text);
    fc.assert(
      fc.property(fc.subarray([...whole.disclosed]), (fields) => {
        const { certificate, disclosed, digest } = verify(presentCertificate(text, fields));
        expect([...disclosed].sort()).toEqual([...fields].sort());
        expect(digest).toEqual(whole.digest);
        expect(certificate.holder.name).toBe(
          fields.includes('certificate_holder_name') ? '示例餐饮有限公司' : undefined,
        );
        expect(certificate.holder.number).toBe(
          fields.includes('certificate_holder_code') ? '91150626MA0000001R' : undefined,
        );
        expect(certificate.caseNumber).toBe(fields.includes('related_case_number') ? 'WS20261120-0001' : undefined);
        const shown = Object.keys(whole.certificate.fields).filter(
          (key) => key === 'complaint_line' || fields.includes(key),
        );
        expect(Object.keys(certificate.fields).sort()).toEqual(shown.sort());
        expect(certificate).toMatchObject({ identifier: whole.identifier, validFrom: ISSUED_AT });
      }),
      { numRuns: 50 },
    );
  });

  it('leaves no trace of what is kept back', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const clear = presentCertificate(text, [])
      .split(/[.~]/)
      .map((part) => Buffer.from(part, 'base64url').toString())
      .join();
    expect(clear).not.toMatch(/示例餐饮|91150626MA0000001R|阿不都|WS20261120|legal_representative/);
  });

  it('refuses fields that are not there, by their places', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const act = (): string => presentCertificate(text, ['residence', 'supervising_body', 'certificate_identifier']);
    expect(codeOf(act)).toBe('VALIDATION_FAILED');
    expect(act).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ pointer: '/fields/1' }),
          expect.objectContaining({ pointer: '/fields/2' }),
        ],
      }),
    );
  });
});

describe('validity', () => {
  const validFrom = ISSUED_AT + 30 * DAY_MS;
  const validUntil = ISSUED_AT + 60 * DAY_MS;

  it.each([
    ['long before', ISSUED_AT, 'not-yet-valid', 'CERTIFICATE_NOT_YET_VALID'],
    ['within the skew of clocks', validFrom - 4 * 60_000, 'valid', 'none'],
    ['in its time', validFrom, 'valid', 'none'],
    ['at its last moment', validUntil - 1, 'valid', 'none'],
    ['at its end', validUntil, 'expired', 'CERTIFICATE_EXPIRED'],
  ])('%s', async (_, now, status, code) => {
    const content = exampleContent({ validFrom, validUntil });
    const verified = verify(await issueCertificate(uxin.certificate, content, ISSUED_AT), now);
    expect(verified.status).toBe(status);
    expect(verified.identifier).toBe(content.identifier);
    expect(codeOf(() => demandInForce(verified))).toBe(code);
  });

  it('has no end for a long-term certificate', async () => {
    const content = exampleContent({ validUntil: undefined });
    const verified = verify(await issueCertificate(uxin.certificate, content, ISSUED_AT), ISSUED_AT + 40_000 * DAY_MS);
    expect(verified.certificate).not.toHaveProperty('validUntil');
    expect(demandInForce(verified)).toBe(verified);
  });

  it('does not begin before the certificate was signed', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT + DAY_MS);
    expect(verify(text, ISSUED_AT).status).toBe('not-yet-valid');
  });
});

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

describe('verifying refuses', () => {
  it('an issuer that is unknown, is no region, or whose statement is of another region', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const withStatement = (statement: RegionStatement | undefined): string =>
      codeOf(() => verifyCertificate(text, { statementOf: () => statement, now: ISSUED_AT }));
    expect(withStatement(undefined)).toBe('CERTIFICATE_ISSUER');
    expect(withStatement(nantong.statement)).toBe('CERTIFICATE_ISSUER');
    for (const iss of ['https://example.cn', regionUrn('999999'), 42, undefined]) {
      const forged = await forge({ iss });
      expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_ISSUER');
    }
  });

  it('one region signing in the name of another', async () => {
    const forged = await forge({ iss: regionUrn('320600'), certificate_area_code: '320600' });
    expect(codeOf(() => verify(forged))).toBe('KEY_UNKNOWN');
  });

  it('a region of the certificate that is not its issuer', async () => {
    const forged = await forge({ certificate_area_code: '320600' });
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_ISSUER');
  });

  it('a key of another purpose', async () => {
    const text = await issueCertificate(uxin.signing, exampleContent(), ISSUED_AT);
    expect(codeOf(() => verify(text))).toBe('KEY_UNKNOWN');
  });

  it('a key before and after its time, by the moment of signing', async () => {
    const early = await issueCertificate(uxin.certificate, exampleContent(), KEYS_FROM - DAY_MS);
    const late = await issueCertificate(uxin.certificate, exampleContent(), KEYS_FROM + 800 * DAY_MS);
    expect(codeOf(() => verify(early))).toBe('KEY_NOT_VALID');
    expect(codeOf(() => verify(late, KEYS_FROM + 801 * DAY_MS))).toBe('KEY_NOT_VALID');
  });

  it('but keeps what was signed in time when key and statement are out of date', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    expect(verify(text, KEYS_FROM + 1200 * DAY_MS).status).toBe('valid');
  });

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

  it('a disclosure that is strange, altered or of another certificate', async () => {
    const one = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const other = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const [jwt, ...disclosures] = one.split('~');
    const altered = createDisclosure('c2FsdA', 'certificate_holder_name', '别的公司').encoded;
    for (const text of [
      `${one}${altered}~`,
      `${jwt}~${other.split('~').slice(1).join('~')}`,
      `${jwt}~${altered}~${disclosures.slice(1).join('~')}`,
      `${one}${disclosures[0]}~`,
    ])
      expect(codeOf(() => verify(text))).toBe('CERTIFICATE_DISCLOSURE');
  });

  it('altered claims and signatures', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const [jwt = '', ...rest] = text.split('~');
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const rebuilt = (changes: object): string =>
      [
        `${header}.${Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url')}.${signature}`,
        ...rest,
      ].join('~');
    expect(codeOf(() => verify(rebuilt({})))).toBe('none');
    for (const changes of [{ exp: 7_000_000_000 }, { certificate_number: 'JY0' }, { iat: claims.iat + 1 }, { _sd: [] }])
      expect(codeOf(() => verify(rebuilt(changes)))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => verify(rebuilt({ iss: regionUrn('320600') })))).toBe('KEY_UNKNOWN');
    const zero = Buffer.alloc(64).toString('base64url');
    expect(codeOf(() => verify([`${header}.${payload}.${zero}`, ...rest].join('~')))).toBe('SIGNATURE_INVALID');
  });

  it('another kind of signed object, another algorithm, and what is no certificate', async () => {
    const jws = await signJws(uxin.certificate, TYP.envelopeRoot, { iss: regionUrn('150626'), iat: ISSUED_AT / 1000 });
    expect(codeOf(() => verify(`${jws}~`))).toBe('TYP_MISMATCH');
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const header = { alg: 'none', kid: uxin.certificate.kid, typ: TYP.certificate };
    const unsigned = text.replace(/^[^.]+/, Buffer.from(JSON.stringify(header)).toString('base64url'));
    expect(codeOf(() => verify(unsigned))).toBe('ALGORITHM_NOT_ALLOWED');
    const embedded = Buffer.from(JSON.stringify({ ...header, alg: 'ES256', jwk: {} })).toString('base64url');
    expect(codeOf(() => verify(text.replace(/^[^.]+/, embedded)))).toBe('CERTIFICATE_MALFORMED');
    for (const broken of ['', 'x', uxin.jwt]) expect(codeOf(() => verify(broken))).toBe('CERTIFICATE_MALFORMED');
    expect(codeOf(() => verify(`${text}${uxin.jwt}`))).toBe('CERTIFICATE_BINDING');
  });

  it('never puts what the holder kept back into a message', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const forged = await forge({ certificate_holder_name: '王小明\u0000', certificate_holder_type: '000' });
    for (const act of [() => verify(forged), () => presentCertificate(text, ['王小明'])]) {
      const { message, problems } = catchCoded(act);
      expect(message + JSON.stringify(problems)).not.toContain('王小明');
    }
  });
});

function catchCoded(act: () => unknown): CodedError {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error;
  }
  throw new Error('it did not fail with a code');
}
