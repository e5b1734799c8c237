import { PDFDocument } from 'pdf-lib';
import { decodeQR } from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInCertificateTypes, readPaperCertificate, verifyCertificate } from '#trust';
import type { CertificateInput } from '../certificate/issuable.ts';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import { openFont, type RenditionFont } from './font.ts';
import { layOut } from './layout.ts';
import { NO_PDFTOPPM, NO_PDFTOTEXT, PDFTOPPM, PDFTOTEXT, type Printed, printed, textOf } from './testing/tools.ts';

const NOW = Date.UTC(2026, 10, 20, 1);
const UNREAD = PDFTOPPM ? '' : `: ${NO_PDFTOPPM}`;
/** Where the codes stand across the page, in parts of its width. */
const REFERENCE = [0, 0.27] as const;
const PAPER = [0.27, 0.63] as const;

let region: CheckRegion;
let font: RenditionFont;

beforeAll(async () => {
  region = await checkRegion('150626', { now: () => NOW });
  font = await openFont();
});

afterAll(() => region.close());

describe.skipIf(!PDFTOPPM)(`the codes of a printed page are read again${UNREAD}`, () => {
  it('the one leads to the issuer, the other is the certificate and verifies with its statement alone', async () => {
    const { pdf, reference } = await laidOut(licence(NOW));
    const page = printed(pdf, 1);
    expect(codeIn(page, REFERENCE)).toBe(reference);
    const verified = verifyPaper(codeIn(page, PAPER));
    expect(verified).toMatchObject({ status: 'valid', certificate: { holder: { name: '示例餐饮有限公司' } } });
    expect(verified.certificate.fields).toEqual(licence(NOW).fields);
    expect(verified.certificate).not.toHaveProperty('caseNumber');
  });

  it('at the largest that is printed', async () => {
    const business_items = differing(250);
    const { pdf } = await laidOut(licence(NOW, { fields: { ...licence(NOW).fields, business_items } }));
    const qr = codeIn(printed(pdf, 2), PAPER);
    expect(qr.length).toBeGreaterThan(2480);
    expect(verifyPaper(qr).certificate.fields['business_items']).toBe(business_items);
  });

  it('without what is too long for it', async () => {
    const business_items = differing(800);
    const { pdf } = await laidOut(licence(NOW, { fields: { ...licence(NOW).fields, business_items } }));
    const { certificate } = verifyPaper(codeIn(printed(pdf, 2), PAPER));
    expect(certificate.fields).not.toHaveProperty('business_items');
    expect(certificate.holder).toHaveProperty('number');
  });
});

it.skipIf(!PDFTOPPM)(`the seal stays with the face when both codes do not fit on its page${UNREAD}`, async () => {
  const { pdf, reference } = await laidOut(
    licence(NOW, { fields: { ...licence(NOW).fields, business_items: differing(210) } }),
  );
  expect((await PDFDocument.load(pdf)).getPageCount()).toBe(2);
  expect(codeIn(printed(pdf, 1), REFERENCE)).toBe(reference);
  expect(verifyPaper(codeIn(printed(pdf, 2), [0, 0.5])).issuer).toBe('150626');
});

it.skipIf(!PDFTOTEXT)(
  `a certificate that no code holds has its reference alone${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`,
  async () => {
    const content = await contentOf(licence(NOW));
    const { document } = await layOut({ ...content, text: grown(content.text) }, font);
    const words = textOf(Buffer.from(await document.save()));
    expect(words).toContain(`查验码：${content.reference}`);
    expect(words).not.toContain('离线核验码');
  },
);

it.skipIf(!PDFTOTEXT).each([
  ['2027年1月31日', '2027-02-01T00:00:00+08:00'],
  ['2027年1月31日15:30', '2027-01-31T15:30:00+08:00'],
])(
  `a stamped copy is printed with the last moment at which it counts: %s${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`,
  async (until, end) => {
    const content = await contentOf(licence(NOW));
    const stamp = { of: '', creator: '窗口', cause: '投标', createdAt: NOW, expiresAt: Date.parse(end) };
    const { document } = await layOut({ ...content, certificate: { ...content.certificate, stamp } }, font);
    expect(textOf(Buffer.from(await document.save()))).toContain(`证照有效期至：${until}打印件`);
  },
);

async function contentOf(input: CertificateInput) {
  const { identifier } = await region.certificates.issue(input);
  const record = await region.certificates.get(identifier);
  return {
    certificate: record.certificate,
    text: await region.certificates.text(identifier),
    reference: (await region.certificates.reference(record))!,
    types: builtInCertificateTypes,
    now: NOW,
  };
}

async function laidOut(input: CertificateInput): Promise<{ pdf: Buffer; reference: string }> {
  const content = await contentOf(input);
  const { document } = await layOut(content, font);
  return { pdf: Buffer.from(await document.save()), reference: content.reference };
}

function verifyPaper(qr: string) {
  return verifyCertificate(readPaperCertificate(qr), { statementOf: () => region.own.statement, now: NOW });
}

/** The QR code between two parts of the width of a page. */
function codeIn({ width, height, dots }: Printed, [from, to]: readonly [number, number]): string {
  const [left, right] = [Math.floor(from * width), Math.floor(to * width)];
  const data = new Uint8Array((right - left) * height * 4).fill(255);
  for (let y = 0; y < height; y += 1)
    for (let x = left; x < right; x += 1)
      data.fill(dots[y * width + x]!, 4 * (y * (right - left) + x - left), 4 * (y * (right - left) + x - left) + 3);
  return decodeQR(
    { width: right - left, height, data },
    { effort: Number.POSITIVE_INFINITY, timeLimit: Number.POSITIVE_INFINITY },
  );
}

/** A text of so many different characters. */
function differing(count: number): string {
  return Array.from({ length: count }, (_, index) => String.fromCodePoint(0x4e00 + 7 * index)).join('');
}

/** A certificate, of which nothing is true any more, with claims that no QR code holds. */
function grown(text: string): string {
  const [header, claims = '', signature] = text.slice(0, text.indexOf('~')).split('.');
  const more = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), field_x: differing(2000) };
  return `${header}.${Buffer.from(JSON.stringify(more)).toString('base64url')}.${signature}~`;
}
