import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SealedFile, type SealSetting, setSealOn } from '../testing/reference-seal/set-seal.ts';
import { demandAddedSeal } from './added-seal.ts';
import { signPdf as signOurs } from './cms-sign-pdf.ts';
import { readTrustList } from './document.ts';
import { PdfFile } from './pdf/file.ts';
import { TEST_NOW, testSigner } from './testing/certificates.ts';
import { setSeal } from './testing/e-seals.ts';
import { NO_OPENSSL, NO_PDFSIG, NO_PDFTOTEXT, OPENSSL, PDFSIG, PDFTOTEXT, runWith } from './testing/openssl.ts';
import { editPdf, opensslCms, plainPdf, signPdf } from './testing/pdf.ts';

const NOW = TEST_NOW + 60_000;
const authority = testSigner('测试根证书', { ca: true });
const maker = testSigner('测试制章系统', { issuer: authority });
const signer = testSigner('测试市行政审批局', { issuer: authority });
const other = testSigner('测试市公安局', { issuer: authority });
const holder = { signer, maker };
const pinned = readTrustList(signer.pem + maker.pem);
const before = plainPdf();

const demand = (after: Buffer, trust = pinned, sent = before) => demandAddedSeal(sent, after, trust, NOW);
/** Seals it and changes something else on the way. */
const tampered = (tamper: (sealed: SealedFile) => void, setting: SealSetting = {}) =>
  setSealOn(before, holder, { ...setting, tamper });
const wrong = (words = '') => expect.objectContaining({ code: 'SEAL_WRONG', message: expect.stringContaining(words) });

describe('a seal that was added', () => {
  it('counts when it is the pinned one on exactly what was sent', () => {
    expect(demand(setSealOn(before, holder))).toMatchObject({
      form: 'GB/T 38540-2020',
      state: 'intact',
      covers: 'whole',
      signer: { name: '测试市行政审批局' },
    });
  });

  it.skipIf(!OPENSSL).each(['rsa', 'ec'] as const)(
    `counts with an %s key, signed by openssl${OPENSSL ? '' : `: ${NO_OPENSSL}`}`,
    (kind) => {
      const one = testSigner('测试单位', { kind });
      const sealed = setSealOn(before, { signer: one, maker });
      expect(demand(sealed, readTrustList(one.pem))).toMatchObject({ form: 'CMS', signer: { name: '测试单位' } });
      if (!PDFSIG) return;
      expect(runWith({ 'f.pdf': sealed }, 'pdfsig', '-nocert', 'f.pdf').said).toMatch(
        /Total document signed[\s\S]*is Valid/,
      );
    },
  );

  it('counts on a file that has a seal already, and both stay good', () => {
    const once = setSealOn(before, holder);
    const twice = setSealOn(once, { signer: other, maker });
    expect(demand(twice, readTrustList(other.pem + maker.pem), once).signer?.name).toBe('测试市公安局');
    expect(() => demand(twice)).toThrow(wrong('fields'));
  });

  it('counts from another program that appends', () => {
    expect(demand(signPdf(before, signer, { sign: (content) => setSeal(content, signer, maker).value }))).toBeDefined();
  });
});

describe('is refused', () => {
  it.each<[string, () => Buffer, string]>([
    ['what was sent, as it was', () => before, 'does not begin'],
    ['another document under the seal', () => setSealOn(plainPdf('Another certificate'), holder), 'does not begin'],
    [
      'one whose bytes were changed',
      () => {
        const sealed = setSealOn(before, holder);
        sealed.write('Xertificate', sealed.indexOf('Certificate'), 'latin1');
        return sealed;
      },
      'does not begin',
    ],
    ['one with something behind the seal', () => Buffer.concat([setSealOn(before, holder), Buffer.from('\n')]), ''],
    ['one that was edited behind the seal', () => editPdf(setSealOn(before, holder), 'Another'), 'object 4'],
    ['one that was edited before it was sealed', () => setSealOn(editPdf(before, 'Another'), holder), 'object 4'],
    ['no PDF', () => Buffer.concat([before, Buffer.from('sealed')]), 'the end of the file is missing'],
    [
      'a signature over something else',
      () => setSealOn(before, holder, { sign: () => setSeal(Buffer.from('x'), signer, maker).value }),
      'content-mismatch',
    ],
    ['a signature that is none', () => setSealOn(before, holder, { sign: () => Buffer.from('none') }), ''],
    [
      'the seal of a certificate that is not pinned',
      () => setSealOn(before, { signer: other, maker }),
      'another certificate',
    ],
    ['a seal of another maker', () => setSealOn(before, { signer, maker: other }), 'another certificate'],
    [
      'a seal from the future',
      () =>
        setSealOn(before, holder, {
          sign: (content) => setSeal(content, signer, maker, { signedAt: NOW + 3_600_000 }).value,
        }),
      'time-ahead',
    ],
    [
      'an expired certificate',
      () => {
        const signer = testSigner('过期', { notAfter: TEST_NOW - 3_600_000 });
        return setSealOn(before, { signer, maker });
      },
      'certificate-time',
    ],
  ])('%s', (_, make, words) => {
    expect(() => demand(make())).toThrow(wrong(words));
  });

  it.each<[string, (sealed: SealedFile) => void, string]>([
    [
      'the text of a page',
      ({ update }) => {
        const stream = update.add(() => '<< /Length 1 >>\nstream\nq\nendstream');
        update.set(3, new PdfFile(before).dictionary(new PdfFile(before).find(3)!.object), 'Contents', `${stream} 0 R`);
      },
      'Contents',
    ],
    [
      'the size of a page',
      ({ update, page, pageDictionary }) => update.set(page, pageDictionary, 'MediaBox', '[0 0 10 10]'),
      'MediaBox',
    ],
    [
      'the pages',
      ({ file, update }) => update.set(2, file.dictionary(file.find(2)!.object), 'Kids', '[3 0 R 3 0 R]'),
      'object 2',
    ],
    [
      'what happens on opening',
      ({ file, update }) => update.set(file.root, file.catalog, 'OpenAction', '<< /S /JavaScript /JS (x) >>'),
      'OpenAction',
    ],
    [
      'what may be done with the file',
      ({ file, update }) => update.set(file.root, file.catalog, 'Perms', '<< >>'),
      'Perms',
    ],
    [
      'forms of another kind',
      ({ file, update }) => update.set(5, file.dictionary(file.find(5)!.object), 'XFA', '(x)'),
      'XFA',
    ],
    [
      'another annotation',
      ({ update, page, pageDictionary }) => {
        const note = update.add(() => '<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /Contents (Another) >>');
        update.append(page, pageDictionary, 'Annots', note);
      },
      'annotations',
    ],
    [
      'another field',
      ({ file, update }) => {
        const field = update.add(() => '<< /FT /Tx /T (name) /V (Another) >>');
        update.append(5, file.dictionary(file.find(5)!.object), 'Fields', field);
      },
      'fields',
    ],
  ])('one that also changes %s', (_, tamper, words) => {
    expect(() => demand(tampered(tamper))).toThrow(wrong(words));
  });

  it('a picture that could cover the text, and a field that does something', () => {
    expect(() => demand(setSealOn(before, holder, { side: 201 }))).toThrow(wrong('picture'));
    expect(() => demand(setSealOn(before, holder, { field: '/AA << >>' }))).toThrow(wrong('field'));
    expect(() => demand(setSealOn(before, holder, { field: '/Kids [3 0 R]' }))).toThrow(wrong('field'));
    const certifying = '/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /P 1 >> >>]';
    expect(() => demand(setSealOn(before, holder, { signature: certifying }))).toThrow(wrong('what may follow'));
  });

  it.each<[string, (entry: string) => string, string]>([
    ['points back into what was sent', () => '0000000010 00000 n', 'object 3'],
    ['deletes an object', () => '0000000000 00001 f', 'object 3'],
    ['gives an object another generation', (entry) => entry.replace('00000 n', '00001 n'), 'object 3'],
    ['has an entry of another form', () => '0000000000 0000 f ', 'malformed'],
  ])('one whose table %s', (_, change, words) => {
    const sealed = setSealOn(before, holder);
    const at = sealed.lastIndexOf('\n3 1\n') + '\n3 1\n'.length;
    sealed.write(change(sealed.toString('latin1', at, at + 18)), at, 'latin1');
    expect(() => demand(sealed)).toThrow(wrong(words));
  });
});

it.skipIf(!PDFTOTEXT)(
  `shows for others what it showed before, whatever byte was changed before it was sealed${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`,
  () => {
    const textOf = (file: Buffer) => String(runWith({ 'f.pdf': file }, 'pdftotext', 'f.pdf', 'out').out);
    const shown = textOf(before);
    const plain = setSealOn(before, holder);
    const from = plain.lastIndexOf('/Contents <');
    const to = plain.indexOf('>', from);
    const places = Array.from(plain.keys()).filter((at) => at >= before.length && !(at >= from && at < to));
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const spoil = (file: Buffer) => {
          file[at]! ^= change;
        };
        let sealed: Buffer;
        try {
          sealed = setSealOn(before, holder, { spoil });
          demand(sealed);
        } catch (error) {
          expect(error).toEqual(wrong());
          return;
        }
        accepted += 1;
        expect(textOf(sealed)).toBe(shown);
      }),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(0);
  },
);

it.skipIf(!PDFSIG)(
  `stays good under the signature of a region that follows${PDFSIG ? '' : `: ${NO_PDFSIG}`}`,
  async () => {
    const [one, region] = ['测试单位', '测试地区'].map((name) => testSigner(name, { kind: 'ec' }));
    const sealed = setSealOn(before, { signer: one!, maker });
    const words = { name: '测试', reason: '测试', at: TEST_NOW };
    const both = await signOurs(sealed, words, async (content) => opensslCms(content, region!));
    const { said } = runWith({ 'f.pdf': both }, 'pdfsig', '-nocert', 'f.pdf');
    expect(said.match(/Signature is Valid/g)).toHaveLength(2);
    expect(said).toMatch(/Signature #2[\s\S]*Total document signed/);
  },
);
