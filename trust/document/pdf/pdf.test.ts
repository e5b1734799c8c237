import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examineDocument, NOBODY, readTrustList, type TrustList } from '../document.ts';
import { type KeyKind, TEST_NOW, type TestSigner, testSigner } from '../testing/certificates.ts';
import { gmSignedData, setSeal } from '../testing/e-seals.ts';
import { NO_OPENSSL, NO_PDFSIG, OPENSSL, PDFSIG, runWith } from '../testing/openssl.ts';
import { editPdf, opensslCms, plainPdf, signPdf, type TestSignatureOptions } from '../testing/pdf.ts';

const DETACHED = ['adbe.pkcs7.detached', 'ETSI.CAdES.detached'] as const;
const LATER = TEST_NOW + 60_000;
const authority = testSigner('测试根证书', { kind: 'rsa', ca: true });
const signers = {
  rsa: testSigner('RSA 签章人', { kind: 'rsa', issuer: authority }),
  ec: testSigner('ECDSA 签章人', { kind: 'ec', issuer: authority }),
  sm2: testSigner('SM2 签章人', { kind: 'sm2', issuer: authority }),
} satisfies Record<KeyKind, TestSigner>;
const maker = testSigner('测试制章系统', { issuer: authority });
const trusted = readTrustList(authority.pem);

function examine(pdf: Buffer, trust: TrustList = trusted) {
  const report = examineDocument(pdf, trust, LATER);
  const findings = report.findings.filter(({ code }) => code !== 'revocation-unknown');
  return { ...report, found: [...new Set(findings.map(({ code }) => code))] };
}

/** What poppler says of each signature. */
function pdfsig(pdf: Buffer): { total: boolean; valid: boolean }[] {
  const { said } = runWith({ 'signed.pdf': pdf }, 'pdfsig', '-nocert', 'signed.pdf');
  return said
    .split(/^Signature #/m)
    .slice(1)
    .map((part) => ({ total: part.includes('- Total document signed'), valid: part.includes('Signature is Valid') }));
}

describe.skipIf(!OPENSSL)(`a PDF signed by the openssl command line${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  describe.each(['rsa', 'ec', 'sm2'] as const)('with an %s key', (kind) => {
    const signer = signers[kind];
    // openssl 3.0 signs CMS for SM2 without the user id that everybody else expects: our own stands in.
    const ours: TestSignatureOptions = kind === 'sm2' ? { sign: (content) => gmSignedData(content, signer) } : {};

    it.each(DETACHED)('is intact and trusted: %s', (subFilter) => {
      const report = examine(signPdf(plainPdf(), signer, { subFilter, ...ours }));
      expect(report).toMatchObject({ format: 'pdf', verdict: 'sealed', container: true, found: [] });
      expect(report.seals).toEqual([
        expect.objectContaining({
          state: 'intact',
          trusted: true,
          algorithm: { rsa: 'RSA-SHA256', ec: 'ECDSA-SHA256', sm2: 'SM2-SM3' }[kind],
          signer: expect.objectContaining({ name: signer.name }),
          covers: 'whole',
        }),
      ]);
    });

    it('is intact but untrusted without the trust list', () => {
      const report = examine(signPdf(plainPdf(), signer, ours), NOBODY);
      expect(report).toMatchObject({ verdict: 'untrusted', found: ['trust-list-empty'] });
    });
  });

  it.skipIf(!PDFSIG)(`is judged as poppler judges it${PDFSIG ? '' : `: ${NO_PDFSIG}`}`, () => {
    const once = signPdf(plainPdf(), signers.rsa);
    const twice = signPdf(once, signers.ec);
    const spoilt = Buffer.from(once);
    spoilt.write('Xertificate', spoilt.indexOf('Certificate of'), 'latin1');
    for (const pdf of [once, twice, editPdf(once, 'Other'), spoilt]) {
      const ours = examine(pdf).seals.map(({ state, covers }) => ({
        total: covers === 'whole',
        valid: state === 'intact',
      }));
      expect(ours).toEqual(pdfsig(pdf));
      expect(ours.length).toBeGreaterThan(0);
    }
  });

  it('holds several signatures: each is told with what it covers', () => {
    const report = examine(signPdf(signPdf(plainPdf(), signers.rsa), signers.ec));
    expect(report).toMatchObject({ verdict: 'sealed', found: ['pdf-revision'] });
    expect(report.seals.map(({ signer, covers, state }) => [signer?.name, covers, state])).toEqual([
      ['RSA 签章人', 'part', 'intact'],
      ['ECDSA 签章人', 'whole', 'intact'],
    ]);
    const strange = examine(signPdf(signPdf(plainPdf(), signers.rsa), testSigner('无人知晓', { kind: 'ec' })));
    expect(strange).toMatchObject({ verdict: 'untrusted', found: ['pdf-revision', 'signer-untrusted'] });
  });

  it('is altered by an incremental update after the last signature, though the signature still holds', () => {
    const signed = signPdf(plainPdf(), signers.rsa);
    const report = examine(editPdf(signed, 'Certificate of something else'));
    expect(report).toMatchObject({ verdict: 'altered', found: ['pdf-appended'] });
    expect(report.seals[0]).toMatchObject({ state: 'intact', covers: 'part' });
    expect(report.seals[0]!.uncovered[0]).toBe(
      `bytes ${signed.length} to ${editPdf(signed, 'Certificate of something else').length}`,
    );
    expect(examine(Buffer.concat([signed, Buffer.from('\n')])).found).toEqual(['pdf-appended']);
  });

  it('is altered when what follows the last signature is only under a timestamp', () => {
    const signed = signPdf(plainPdf(), signers.rsa);
    const stamped = signPdf(editPdf(signed, 'Other'), signers.ec, { type: 'DocTimeStamp', subFilter: 'ETSI.RFC3161' });
    expect(examine(stamped)).toMatchObject({ verdict: 'altered', found: ['pdf-timestamp', 'pdf-appended'] });
  });

  it('is not sealed with any byte changed that is signed, and by nobody else with another one changed', () => {
    const signed = signPdf(plainPdf(), signers.ec, { room: 1500 });
    const { seals } = examine(signed);
    const start = signed.indexOf('/Contents <') + '/Contents <'.length;
    const end = signed.indexOf('>', start);
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const spoilt = Buffer.from(signed);
        spoilt[at] = spoilt[at]! ^ change;
        const report = examine(spoilt);
        // Inside the signature stand letters large or small, and numbers that nobody signs, like the version of CMS.
        if (at >= start && at < end && report.verdict === 'sealed') expect(report.seals).toEqual(seals);
        else expect(report.verdict, `byte ${at}`).not.toBe('sealed');
      }),
      { numRuns: 400 },
    );
  });

  describe.each<[string, string[], TestSignatureOptions]>([
    ['a hole larger than the signature', ['pdf-hole'], { range: ([a, b, c, d]) => [a!, b! - 40, c!, d!] }],
    ['a hole after the signature', ['pdf-hole'], { range: ([a, b, c, d]) => [a!, b!, c! + 5, d! - 5] }],
    ['a range that begins later', ['pdf-range'], { range: ([, b, c, d]) => [9, b!, c!, d!] }],
    ['ranges that overlap', ['pdf-range', 'pdf-appended'], { range: ([a, b, , d]) => [a!, b!, b! - 10, d!] }],
    ['a range beyond the end', ['pdf-range'], { range: ([a, b, c, d]) => [a!, b!, c!, d! + 1] }],
    ['no second range', ['pdf-range', 'pdf-appended'], { range: ([a, b, c]) => [a!, b!, c!, 0] }],
    [
      'a signature over other content',
      ['content-mismatch'],
      { sign: () => opensslCms(Buffer.from('other'), signers.rsa) },
    ],
    [
      'the signature of another PDF',
      ['content-mismatch'],
      { sign: (content) => opensslCms(content.subarray(1), signers.rsa) },
    ],
    [
      'no certificate in the signature',
      ['certificate-missing'],
      { sign: (content) => opensslCms(content, signers.rsa, '-nocerts') },
    ],
    ['SHA-1', ['algorithm-weak'], { sign: (content) => opensslCms(content, signers.rsa, '-md', 'sha1') }],
    ['MD5', ['algorithm-unsupported'], { sign: (content) => opensslCms(content, signers.rsa, '-md', 'md5') }],
    ['a form that rests on SHA-1', ['seal-unsupported'], { subFilter: 'adbe.pkcs7.sha1' }],
    ['bytes that are no signature', ['seal-malformed'], { sign: () => Buffer.from('no DER') }],
    [
      'bytes behind the signature',
      ['seal-malformed'],
      { sign: (content) => Buffer.concat([opensslCms(content, signers.rsa), Buffer.from('more')]) },
    ],
    ['the signature over the content itself', [], { sign: (content) => opensslCms(content, signers.rsa, '-noattr') }],
    ['the content enclosed', [], { sign: (content) => opensslCms(content, signers.rsa, '-nodetach') }],
    ['the certificate named (CAdES)', [], { sign: (content) => opensslCms(content, signers.rsa, '-cades') }],
  ])('with %s', (_, found, options) => {
    it(found.length === 0 ? 'is sealed' : `is found to have ${found.join(', ')}`, () => {
      const report = examine(signPdf(plainPdf(), signers.rsa, { room: 9000, ...options }));
      expect([...report.found].sort()).toEqual([...found].sort());
      if (found.length > 0) expect(report.verdict).not.toBe('sealed');
      else expect(report.verdict).toBe('sealed');
    });
  });

  it('is altered when the certificate had expired, untrusted when nobody knows it', () => {
    const expired = testSigner('过期', { kind: 'rsa', issuer: authority, notAfter: TEST_NOW - 3_600_000 });
    expect(examine(signPdf(plainPdf(), expired))).toMatchObject({ verdict: 'altered', found: ['certificate-time'] });
    const stranger = testSigner('无人知晓', { kind: 'rsa' });
    expect(examine(signPdf(plainPdf(), stranger))).toMatchObject({ verdict: 'untrusted', found: ['signer-untrusted'] });
  });
});

it('may carry a seal of GB/T 38540-2020 instead of CMS', () => {
  const sign = (content: Buffer) => setSeal(content, signers.sm2, maker).value;
  const report = examine(signPdf(plainPdf(), signers.sm2, { subFilter: 'GM.sm2seal', sign }));
  expect(report).toMatchObject({ verdict: 'sealed', found: [] });
  expect(report.seals[0]).toMatchObject({
    form: 'GB/T 38540-2020',
    algorithm: 'SM2-SM3',
    seal: { maker: { trusted: true } },
  });
});

it('is unsealed without a signature, whatever its pages say', () => {
  expect(examine(plainPdf())).toMatchObject({ verdict: 'unsealed', container: true, found: [] });
  expect(examine(plainPdf('see /ByteRange [0 1 2 3] of the standard'))).toMatchObject({
    verdict: 'unsealed',
    found: [],
  });
});

it.each<[string, string, Buffer]>([
  ['without an end', 'pdf-malformed', plainPdf().subarray(0, 300)],
  [
    'with too many byte ranges',
    'too-many-seals',
    Buffer.concat([
      Buffer.from('%PDF-1.7\n'),
      Buffer.from('/ByteRange [0 1 2 3] '.repeat(1000)),
      Buffer.from('startxref\n0\n%%EOF'),
    ]),
  ],
])('a PDF %s is refused: %s', (_, code, pdf) => {
  expect(examine(pdf)).toMatchObject({ verdict: 'refused', container: false, found: [code] });
});

it('is not judged when a key of its signature stands twice', () => {
  const signed = signPdf(plainPdf(), signers.sm2, { sign: (content) => gmSignedData(content, signers.sm2) });
  const twice = Buffer.from(signed.toString('latin1').replace('/SubFilter /ETSI', '/Contents /ETSI'), 'latin1');
  expect(examine(twice)).toMatchObject({ verdict: 'altered', seals: [], found: ['seal-malformed'] });
});
