import { describe, expect, it } from 'vitest';
import { examineDocument, NOBODY, readTrustList, type TrustList } from '../document.ts';
import { TEST_NOW, testSigner } from '../testing/certificates.ts';
import { gmSignedData, setSeal } from '../testing/e-seals.ts';
import {
  PAGE,
  packOfd,
  plainOfd,
  SIGNATURE_XML,
  SIGNED_VALUE,
  sealedOfd,
  sealingCast,
  type TestOfd,
  type TestOfdOptions,
} from '../testing/ofd.ts';

const cast = sealingCast();
const trusted = readTrustList(cast.authority.pem);

function examine(ofd: Buffer, trust: TrustList = trusted) {
  const report = examineDocument(ofd, trust, TEST_NOW);
  const findings = report.findings.filter(({ code }) => code !== 'revocation-unknown');
  return {
    ...report,
    found: findings.map(({ code, where }) => (where === SIGNATURE_XML ? code : `${code} ${where}`.trim())),
  };
}

const sealed = (options: TestOfdOptions = {}) => sealedOfd({ ...cast, ...options });

function changed(files: TestOfd, name: string, change: (text: string) => string): TestOfd {
  return new Map(files).set(name, Buffer.from(change(files.get(name)!.toString())));
}

describe.each(['GB/T 38540-2020', 'GM/T 0031-2014', 'GM/T 0031-2025'] as const)('an OFD with a seal of %s', (form) => {
  it('is intact and sealed by a signer of the trust list', () => {
    const report = examine(packOfd(sealed({ form, sealFile: true })));
    expect(report).toMatchObject({ format: 'ofd', verdict: 'sealed', container: true, found: [] });
    expect(report.seals).toEqual([
      expect.objectContaining({
        place: SIGNATURE_XML,
        form,
        state: 'intact',
        trusted: true,
        algorithm: 'SM2-SM3',
        signedAt: TEST_NOW,
        covers: 'whole',
        signer: expect.objectContaining({ organisation: '测试市行政审批局', trusted: true }),
      }),
    ]);
  });

  it('is intact but untrusted without the trust list, and never more than that', () => {
    const report = examine(packOfd(sealed({ form })), NOBODY);
    expect(report).toMatchObject({ verdict: 'untrusted', found: ['trust-list-empty'] });
    expect(report.seals[0]).toMatchObject({ state: 'intact', trusted: false });
  });

  it('is found altered in any of its files', () => {
    const files = sealed({ form });
    for (const name of files.keys()) {
      const ofd = new Map(files);
      const bytes = Buffer.from(ofd.get(name)!);
      // A space in XML is still well-formed: only the seal can tell.
      ofd.set(
        name,
        name === SIGNED_VALUE ? bytes.fill(0x20, bytes.length - 8) : Buffer.concat([bytes, Buffer.from(' ')]),
      );
      const { verdict } = examine(packOfd(ofd));
      // The list of signatures grows with every signature, so no seal covers it.
      expect(verdict, name).toBe(name.endsWith('Signatures.xml') ? 'sealed' : 'altered');
    }
  });
});

it('counts the certificate of the signer and of the maker themselves as a trust list', () => {
  const { signer, maker } = cast;
  expect(examine(packOfd(sealed()), readTrustList(signer.pem + maker.pem)).verdict).toBe('sealed');
  // A listed department could otherwise make itself a seal with the name of another one.
  const report = examine(packOfd(sealed({ name: '测试市公安局' })), readTrustList(signer.pem));
  expect(report).toMatchObject({ verdict: 'untrusted', found: ['maker-untrusted'] });
  expect(report.seals[0]).toMatchObject({ trusted: false, signer: { trusted: true }, seal: { name: '测试市公安局' } });
});

describe('an OFD with a signature without a seal', () => {
  it('is intact when CMS of GB/T 35275 is over it', () => {
    const report = examine(packOfd(sealed({ value: (xml) => gmSignedData(xml, cast.signer) })));
    expect(report).toMatchObject({ verdict: 'sealed', found: [] });
    expect(report.seals[0]).toMatchObject({ form: 'GB/T 35275', algorithm: 'SM2-SM3', trusted: true });
  });

  it('is altered when that is over something else', () => {
    const value = () => gmSignedData(Buffer.from('other'), cast.signer);
    expect(examine(packOfd(sealed({ value })))).toMatchObject({ verdict: 'altered', found: ['content-mismatch'] });
  });

  it('is unproven when the signature is bare', () => {
    const value = (xml: Buffer) => setSeal(xml, cast.signer, cast.maker).signature;
    expect(examine(packOfd(sealed({ value })))).toMatchObject({ verdict: 'unproven', found: ['certificate-missing'] });
  });
});

it('is unsealed without a signature', () => {
  expect(examine(packOfd(plainOfd()))).toMatchObject({ verdict: 'unsealed', container: true, seals: [], found: [] });
});

describe('an OFD that was changed after sealing', () => {
  const files = sealed();
  const xml = (name: string) => (change: (text: string) => string) => examine(packOfd(changed(files, name, change)));

  it('names the page that was changed', () => {
    const report = xml(PAGE)((text) => text.replace('不动产', '动产'));
    expect(report).toMatchObject({ verdict: 'altered', found: [`file-changed ${PAGE}`] });
    expect(report.seals[0]).toMatchObject({ state: 'altered' });
  });

  it('names the file that was taken out', () => {
    const report = examine(packOfd(without(files, 'Doc_0/PublicRes.xml')));
    expect(report).toMatchObject({ verdict: 'altered', found: ['file-missing Doc_0/PublicRes.xml'] });
  });

  it('finds a reference removed, by which a page would be free to change', () => {
    const without = changed(files, SIGNATURE_XML, (text) =>
      text.replace(/<ofd:Reference FileRef="\/Doc_0\/Pages.*?<\/ofd:Reference>/, ''),
    );
    const report = examine(packOfd(changed(without, PAGE, (text) => text.replace('不动产', '动产'))));
    expect(report).toMatchObject({ verdict: 'altered', found: ['content-mismatch', `file-not-covered ${PAGE}`] });
  });

  it('finds the signature of another document', () => {
    const other = sealed();
    other.set(PAGE, Buffer.from('<ofd:Page/>'));
    other.set(SIGNATURE_XML, files.get(SIGNATURE_XML)!);
    other.set(SIGNED_VALUE, files.get(SIGNED_VALUE)!);
    expect(examine(packOfd(other))).toMatchObject({ verdict: 'altered', found: [`file-changed ${PAGE}`] });
    const moved = new Map(files).set(SIGNED_VALUE, setSeal(Buffer.from('another'), cast.signer, cast.maker).value);
    expect(examine(packOfd(moved))).toMatchObject({ verdict: 'altered', found: ['content-mismatch'] });
  });

  it('finds another seal in the file of the seal', () => {
    const ofd = sealed({ sealFile: true });
    ofd.set('Doc_0/Signs/Sign_0/Seal.esl', setSeal(Buffer.of(1), cast.signer, cast.maker, { name: '假章' }).seal);
    expect(examine(packOfd(ofd))).toMatchObject({ verdict: 'altered', found: ['seal-differs'] });
  });

  it('says which files are under no seal', () => {
    const added = examine(packOfd(files, [{ name: 'Doc_0/Attachs/added.xml', bytes: Buffer.from('<a/>') }]));
    expect(added).toMatchObject({ verdict: 'partial', found: ['file-not-covered Doc_0/Attachs/added.xml'] });
    expect(added.seals[0]).toMatchObject({ state: 'intact', covers: 'part', uncovered: ['Doc_0/Attachs/added.xml'] });
    const left = examine(packOfd(sealed({ leaveOut: [PAGE] })));
    expect(left).toMatchObject({ verdict: 'partial', found: [`file-not-covered ${PAGE}`] });
  });
});

describe.each<[string, string, TestOfdOptions, string[]]>([
  ['SHA-1', 'unproven', { checkMethod: 'SHA1' }, ['algorithm-weak']],
  ['MD5', 'unproven', { checkMethod: 'MD5' }, ['algorithm-unsupported']],
  ['SHA-256', 'sealed', { checkMethod: '2.16.840.1.101.3.4.2.1' }, []],
  ['an unknown hash', 'unproven', { checkMethod: 'constructor' }, ['algorithm-unsupported']],
  ['an unknown signature', 'unproven', { algorithm: '1.2.3.4' }, ['algorithm-unsupported']],
])('an OFD protected by %s', (_, verdict, options, found) => {
  it(`is ${verdict}`, () => {
    expect(examine(packOfd(sealed(options)))).toMatchObject({ verdict, found });
  });
});

it('is altered when the certificate had expired as it was sealed', () => {
  const { authority, ...expired } = sealingCast({ notAfter: TEST_NOW - 60_000 });
  const report = examine(packOfd(sealed(expired)), readTrustList(authority.pem));
  expect(report).toMatchObject({ verdict: 'altered', found: ['certificate-time'] });
});

describe.each<[string, string, (files: TestOfd) => TestOfd]>([
  ['no OFD.xml', 'ofd-structure', (files) => without(files, 'OFD.xml')],
  ['no Document.xml', 'ofd-structure', (files) => without(files, 'Doc_0/Document.xml')],
  ['a page missing', 'ofd-structure', (files) => without(files, PAGE)],
  ['no Signature.xml', 'ofd-structure', (files) => without(files, SIGNATURE_XML)],
  ['no signed value', 'ofd-structure', (files) => without(files, SIGNED_VALUE)],
  [
    'another root',
    'ofd-structure',
    (files) => changed(files, 'OFD.xml', (text) => text.replaceAll('ofd:OFD', 'ofd:ZIP')),
  ],
  [
    'a location that climbs out',
    'ofd-structure',
    (files) => changed(files, 'OFD.xml', (text) => text.replace('Doc_0/Doc', '../../Doc')),
  ],
  [
    'the same signature twice',
    'ofd-structure',
    (files) => changed(files, 'Doc_0/Signs/Signatures.xml', (text) => text.replace(/<ofd:Signature ID.*?\/>/, '$&$&')),
  ],
  [
    'an external entity',
    'xml-dtd',
    (files) =>
      changed(files, 'OFD.xml', (text) =>
        text.replace('<ofd:OFD', '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><ofd:OFD'),
      ),
  ],
  [
    'too many signatures',
    'too-many-seals',
    (files) =>
      changed(files, 'Doc_0/Signs/Signatures.xml', (text) =>
        text.replace(
          /<ofd:Signature ID.*?\/>/,
          Array.from({ length: 65 }, (_, id) => `<ofd:Signature ID="${id}" BaseLoc="${id}.xml"/>`).join(''),
        ),
      ),
  ],
])('an OFD with %s', (_, code, spoil) => {
  it(`is refused: ${code}`, () => {
    const report = examine(packOfd(spoil(sealed())));
    expect(report).toMatchObject({ verdict: 'refused', container: false, seals: [] });
    expect(report.findings.map((finding) => finding.code)).toContain(code);
  });
});

it('is refused when a file that nobody sealed does not have its checksum', () => {
  const report = examine(packOfd(sealed(), [{ name: 'extra', bytes: Buffer.from('x'), crc: 1 }]));
  expect(report).toMatchObject({ verdict: 'refused', found: ['zip-malformed'] });
});

it('judges the seals one by one', () => {
  const files = sealed();
  const second = 'Doc_0/Signs/Sign_1/Signature.xml';
  const list = 'Doc_0/Signs/Signatures.xml';
  const stranger = testSigner('无人知晓');
  const two = changed(files, list, (text) =>
    text.replace('</ofd:Signatures>', `<ofd:Signature ID="2" BaseLoc="/${second}"/></ofd:Signatures>`),
  );
  const own = two.get(SIGNATURE_XML)!;
  two.set(second, own).set('Doc_0/Signs/Sign_1/SignedValue.dat', setSeal(own, stranger, cast.maker).value);
  const report = examine(packOfd(two));
  expect(report).toMatchObject({ verdict: 'untrusted', found: [`signer-untrusted ${second}`] });
  expect(report.seals.map(({ state, trusted }) => [state, trusted])).toEqual([
    ['intact', true],
    ['intact', false],
  ]);
});

function without(files: TestOfd, name: string): TestOfd {
  const rest = new Map(files);
  rest.delete(name);
  return rest;
}
