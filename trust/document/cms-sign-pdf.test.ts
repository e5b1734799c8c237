import { PDFDocument } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { localSigner, type Signer } from '../keys/signer.ts';
import { suiteOf } from '../suites.ts';
import { setSealOn } from '../testing/reference-seal/set-seal.ts';
import { signCms } from './cms-sign.ts';
import { certifyForDocuments } from './cms-sign-certificate.ts';
import { signPdf } from './cms-sign-pdf.ts';
import { signerOfPdf } from './cms-sign-reader.ts';
import { testSigner } from './testing/certificates.ts';
import { setSeal } from './testing/e-seals.ts';
import { NO_PDFSIG, PDFSIG, runWith } from './testing/openssl.ts';
import { plainPdf } from './testing/pdf.ts';

const AT = Date.UTC(2026, 10, 20, 2, 3, 4);
const WORDS = { name: '内蒙古自治区鄂尔多斯市乌审旗 150626', reason: '电子证照：公证书', at: AT };

let signer: Signer;
let certificate: Buffer;
beforeAll(async () => {
  const { privateKey, publicKey } = suiteOf('ES256').generate();
  signer = await localSigner('ES256', privateKey, publicKey);
  const subject = { organisation: '测试', name: '测试', notBefore: AT - 1000, notAfter: AT + 1_000_000_000 };
  certificate = await certifyForDocuments(signer, subject);
});

const sign = (pdf: Buffer) => signPdf(pdf, WORDS, (content) => signCms(signer, certificate, content));

async function pdfOf(make: (document: PDFDocument) => void, useObjectStreams = false): Promise<Buffer> {
  const document = await PDFDocument.create({ updateMetadata: false });
  make(document);
  return Buffer.from(await document.save({ useObjectStreams }));
}

describe('a PDF that is signed', () => {
  it('begins with the bytes that were given, and says who signed it and when', async () => {
    const plain = await pdfOf((document) => void document.addPage());
    const signed = await sign(plain);
    expect(signed.subarray(0, plain.length).equals(plain)).toBe(true);
    expect(await signerOfPdf(signed, AT)).toEqual({ kid: signer.kid, signedAt: AT, seals: [] });
  });

  it.skipIf(!PDFSIG)(`names the signer for readers${PDFSIG ? '' : `: ${NO_PDFSIG}`}`, async () => {
    const signed = await sign(await pdfOf((document) => void document.addPage()));
    const { said } = runWith({ 'f.pdf': signed }, 'pdfsig', '-nocert', 'f.pdf');
    expect(said).toMatch(/Total document signed[\s\S]*Signature is Valid/);
    expect(said).toContain('Nov 20 2026');
  });

  it('keeps pages, annotations, attachments and forms', async () => {
    const document = await PDFDocument.create({ updateMetadata: false });
    const [first] = [document.addPage([100, 200]), document.addPage([300, 400])];
    document.getForm().createTextField('name').addToPage(first);
    await document.attach(Buffer.from('the certificate'), 'certificate.sd-jwt', {});
    const signed = await sign(Buffer.from(await document.save({ useObjectStreams: false })));
    const read = await PDFDocument.load(signed);
    expect(read.getPages().map((page) => page.getSize())).toEqual([
      { width: 100, height: 200 },
      { width: 300, height: 400 },
    ]);
    const fields = read
      .getForm()
      .getFields()
      .map((field) => field.getName());
    expect(fields).toEqual(['name', expect.stringMatching(/^Signature\d+$/)]);
    expect(read.getPage(0).node.Annots()?.size()).toBe(2);
  });

  it('may be signed again, and both signatures stay good', async () => {
    const twice = await sign(await sign(plainPdf()));
    const { seals } = await signerOfPdf(twice, AT);
    expect(seals).toMatchObject([{ state: 'intact', covers: 'part' }]);
  });
});

describe('a signature ahead of the time of reading', () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const [sealer, maker] = ['测试单位', '测试制章系统'].map((name) =>
    testSigner(name, { notBefore: AT - DAY_MS, notAfter: AT + 3 * DAY_MS }),
  );
  const holder = { signer: sealer!, maker: maker! };
  /** A PDF with the seal of another, under the signature. */
  const sealedAt = (signedAt: number) =>
    sign(
      setSealOn(plainPdf(), holder, {
        sign: (content) => setSeal(content, holder.signer, holder.maker, { signedAt }).value,
      }),
    );

  it.each([6 * 60_000, DAY_MS])('by %i ms is no alteration, nor are the seals under it', async (ms) => {
    const signed = await sealedAt(AT - 1000);
    expect(await signerOfPdf(signed, AT - ms)).toEqual(await signerOfPdf(signed, AT));
    expect(await signerOfPdf(signed, AT - ms)).toMatchObject({
      kid: signer.kid,
      signedAt: AT,
      seals: [{ state: 'intact' }],
    });
  });

  it.each<[string, () => Promise<Buffer>]>([
    [
      'a changed byte',
      async () => {
        const signed = await sign(plainPdf());
        signed.write('Xertificate', signed.indexOf('Certificate'), 'latin1');
        return signed;
      },
    ],
    ['something appended', async () => Buffer.concat([await sign(plainPdf()), Buffer.from('\n%%EOF\n')])],
    ['its end cut off', async () => (await sign(plainPdf())).subarray(0, -8)],
    ['a seal that is later still', () => sealedAt(AT + DAY_MS)],
  ])('saves nothing with %s', async (_, make) => {
    const altered = await make();
    for (const now of [AT - DAY_MS, AT])
      await expect(signerOfPdf(altered, now)).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  });
});

it.each<[string, () => Promise<Buffer>]>([
  ['compressed tables', () => pdfOf((document) => void document.addPage(), true)],
  ['no page', async () => Buffer.from(plainPdf().toString('latin1').replace('[3 0 R]', '[     ]'), 'latin1')],
  [
    'an encrypted trailer',
    async () =>
      Buffer.from(
        plainPdf()
          .toString('latin1')
          .replace(/<< \/Size/, '<</Encrypt 1/Size'),
        'latin1',
      ),
  ],
  ['no end', async () => plainPdf().subarray(0, -8)],
])('a file with %s is not signed', async (_, make) => {
  await expect(sign(await make())).rejects.toMatchObject({ code: 'RENDITION_UNSUPPORTED' });
});
