import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import fontkit from '@pdf-lib/fontkit';
import { PDFDict, PDFDocument, PDFName, PDFRawStream } from 'pdf-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  builtInCertificateTypes,
  issueStatement,
  type Signer,
  statedKeys,
  verifyCertificate,
  verifyStatement,
} from '#trust';
import { throwawayRegion } from '../../trust/testing/index.ts';
import type { CertificateInput } from '../certificate/issuable.ts';
import { type CheckRegion, checkRegion, licence } from '../testing/check-region.ts';
import { ownSealing } from '../testing/own-sealing.ts';
import { openFont } from './font.ts';
import { layOut } from './layout.ts';
import { isAhead, openPdf } from './read-pdf.ts';
import { Renditions } from './renditions.ts';
import {
  NO_OPENSSL,
  NO_PDFSIG,
  NO_PDFTOTEXT,
  OPENSSL,
  opensslSays,
  PDFSIG,
  PDFTOTEXT,
  pdfsigSays,
  textOf,
} from './testing/tools.ts';

const NOW = Date.UTC(2026, 10, 20, 2);
const DAY_MS = 24 * 60 * 60 * 1000;
const types = builtInCertificateTypes;
const clock = { now: () => NOW };
const FONT = '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf';

let region: CheckRegion;
let renditions: Renditions;
let identifier: string;
let pdf: Buffer;

beforeAll(async () => {
  region = await checkRegion('150626', clock);
  const { own, certificates } = region;
  renditions = new Renditions({ region: '150626', clock, certificates, types, sealing: ownSealing(own, clock) });
  identifier = await issued(licence(NOW));
  ({ pdf } = await renditions.pdf(identifier));
});

afterAll(() => region.close());

describe('the signature', () => {
  it.skipIf(!OPENSSL)(`is one for openssl over every byte but itself${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
    expect(opensslSays(pdf)).toContain('Verification successful');
    expect(opensslSays(altered(pdf))).toContain('verification failure');
  });

  it.skipIf(!PDFSIG)(`is one for a PDF reader${PDFSIG ? '' : `: ${NO_PDFSIG}`}`, () => {
    const said = pdfsigSays(pdf);
    expect(said).toMatch(/Signature is Valid/);
    expect(said).toMatch(/Total document signed/);
    expect(said).toMatch(/ETSI\.CAdES\.detached/);
    expect(said).toMatch(/CN=电子证照 150626/);
    expect(pdfsigSays(altered(pdf))).not.toMatch(/Signature is Valid/);
  });

  it('is by the seal key of our statement, and the certificate comes out as it went in', async () => {
    const { own, certificates } = region;
    const opened = await openPdf(pdf, [own.statement], NOW);
    expect(opened).toEqual({
      text: await certificates.text(identifier),
      region: '150626',
      kid: own.seal.kid,
      signedAt: NOW,
      seals: [],
    });
    expect(verifyCertificate(opened.text, { statementOf: () => own.statement, now: NOW }).identifier).toBe(identifier);
  });

  it.each([
    ['an altered byte', () => altered(pdf)],
    ['something appended', () => Buffer.concat([pdf, Buffer.from('\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n')])],
    ['its end cut off', () => pdf.subarray(0, -20)],
    ['no signature', () => Buffer.from(pdf.toString('latin1').replace('/ByteRange', '/ByteSpace'), 'latin1')],
  ])('does not hold with %s', async (_, change) => {
    await expect(openPdf(change(), [region.own.statement], NOW)).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  });

  it.each([
    ['by a slow clock', NOW - 6 * 60_000, true],
    ['a day before it was signed', NOW - DAY_MS, true],
    ['within the skew of clocks', NOW - 4 * 60_000, false],
  ])('holds %s, and whoever asks is told that it is ahead', async (_, now, ahead) => {
    const opened = await openPdf(pdf, [region.own.statement], now);
    expect(opened).toMatchObject({ region: '150626', signedAt: NOW });
    expect(isAhead(opened, now)).toBe(ahead);
    await expect(openPdf(altered(pdf), [region.own.statement], now)).rejects.toMatchObject({
      code: 'RENDITION_ALTERED',
    });
  });

  it('does not count when no trusted region has the key', async () => {
    const other = await throwawayRegion('320600', { now: NOW });
    await expect(openPdf(pdf, [other.statement], NOW)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    await expect(openPdf(pdf, [], NOW)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  });

  it.each(['SM2-SM3', 'Ed25519'] as const)('of a region of %s is verified here', async (suite) => {
    const own = await throwawayRegion('150626', { suite, now: NOW });
    const signed = await rendered(own);
    expect(await openPdf(signed, [own.statement], NOW)).toMatchObject({ kid: own.seal.kid });
    await expect(openPdf(altered(signed), [own.statement], NOW)).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  });

  it('by a certificate key still counts, as regions signed before they had seal keys, and by no other key', async () => {
    const { own } = region;
    const byKey = (seal: Signer) => rendered({ ...own, seal });
    const old = await byKey(own.certificate);
    expect(await openPdf(old, [own.statement], NOW)).toMatchObject({ kid: own.certificate.kid });
    await expect(openPdf(await byKey(own.signing), [own.statement], NOW)).rejects.toMatchObject({
      code: 'KEY_UNKNOWN',
    });
  });

  it('counts only while its key is valid and not revoked', async () => {
    const [{ own }, { keys: listed, tls }] = [region, await statedKeys(region.own.store, NOW)];
    const { name, endpoint, issuedAt, expiresAt } = own.statement;
    const stating = async (change: object) => {
      const keys = listed.map((key) => (key.purpose === 'seal' ? { ...key, ...change } : key));
      const content = { region: '150626', name, serial: 2, endpoint, issuedAt, expiresAt, keys, tls };
      return [await verifyStatement(await issueStatement(own.identity, content))];
    };
    const revoked = { at: NOW - DAY_MS, reason: 'compromised' };
    await expect(openPdf(pdf, await stating({ revoked }), NOW)).rejects.toMatchObject({ code: 'KEY_REVOKED' });
    const ended = { notBefore: NOW - 2 * DAY_MS, notAfter: NOW - DAY_MS };
    await expect(openPdf(pdf, await stating(ended), NOW)).rejects.toMatchObject({ code: 'KEY_NOT_VALID' });
  });
});

describe('the pages', () => {
  it.skipIf(!PDFTOTEXT)(`say what the certificate says${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`, async () => {
    const text = textOf(pdf);
    const reference = await region.certificates.reference({ identifier, issuer: '150626' });
    for (const part of [
      '食品经营许可证',
      '示例餐饮有限公司',
      '阿不都·示例',
      '法定代表人',
      '热食类食品制售',
      '乌审旗市场监督管理局',
      '2026年11月20日至2031年11月19日',
      '证照有效期至：2031年11月19日',
      '由内蒙古自治区鄂尔多斯市乌审旗（150626）签发并签名',
      '印章图样',
      identifier,
      `查验码：${reference}`,
      '第1页共1页',
    ])
      expect(text).toContain(part);
  });

  it.skipIf(!PDFTOTEXT)(`say when there is no end${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`, async () => {
    const text = textOf((await renditions.pdf(await issued(licence(NOW, { validUntil: undefined })))).pdf);
    expect(text).toContain('2026年11月20日至长期');
    expect(text).toContain('证照有效期至：长期');
  });

  it('show every character that they have: a copied text alone would not prove it', async () => {
    const outlines = await embeddedOutlines(pdf);
    expect(outlines.length).toBeGreaterThan(100);
    // One for the space, one for what no character has.
    expect(outlines.filter((path) => path === '').length).toBeLessThanOrEqual(2);
    const source = fontkit.create(await readFile(new URL(import.meta.resolve(FONT))));
    for (const character of '食品经营许可证示例餐饮有限公司阿不都·2026')
      expect(outlines).toContain(source.glyphForCodePoint(character.codePointAt(0)!).path.toSVG());
  });

  it('are the same for the same certificate at the same time', async () => {
    const [{ certificate }, text] = [
      await region.certificates.get(identifier),
      await region.certificates.text(identifier),
    ];
    const font = await openFont();
    const content = { certificate, text, reference: 'TONGBAN:150626:AAAAAAAAAAAAAAAAAAAAAAAAAA', types, now: NOW };
    const bytes = async (now: number) => Buffer.from(await (await layOut({ ...content, now }, font)).document.save());
    expect((await bytes(NOW)).equals(await bytes(NOW))).toBe(true);
    expect((await bytes(NOW)).equals(await bytes(NOW + DAY_MS))).toBe(false);
  });

  it('mark what the font does not have, and name it', async () => {
    const names = { legal_representative: '买买提 مەمەت', residence: '𠮷祥街1号' };
    const input = licence(NOW, { fields: { ...licence(NOW).fields, ...names } });
    const { pdf: marked, missing } = await renditions.pdf(await issued(input));
    expect(missing.toSorted()).toEqual([...'مەت', '𠮷'].toSorted());
    if (!PDFTOTEXT) return;
    const text = textOf(marked);
    expect(text).toContain('〔U+0645U+06D5U+0645U+06D5U+062A〕');
    expect(text).toContain('〔U+20BB7〕祥街1号');
    expect(text).toContain('以下字符字体未收');
    expect(textOf(pdf)).not.toContain('以下字符字体未收');
  });

  it('wrap long values over as many pages as they need, all of it and within bounds', async () => {
    // Different characters, so that the font inside is as large as it gets.
    const scope = Array.from({ length: 1000 }, (_, index) => String.fromCodePoint(0x4e00 + 7 * index)).join('');
    const long = licence(NOW, {
      fields: { ...licence(NOW).fields, business_items: scope, residence: 'A'.repeat(500) },
    });
    const { pdf: large } = await renditions.pdf(await issued(long));
    expect((await PDFDocument.load(large)).getPageCount()).toBe(2);
    expect(large.length).toBeLessThan(500_000);
    expect(pdf.length).toBeLessThan(120_000);
    if (PDFTOTEXT) expect(textOf(large)).toContain(scope.slice(0, 30));
  });

  it.each(everyType())('show every type: %s', async (typeName, fields) => {
    const made = await renditions.pdf(await issued(licence(NOW, { typeName, fields })));
    expect(made.missing).toEqual([]);
    expect((await openPdf(made.pdf, [region.own.statement], NOW)).region).toBe('150626');
    if (PDFTOTEXT) expect(textOf(made.pdf)).toContain(typeName);
  });
});

describe('no PDF', () => {
  it('is made of a certificate that is not in force', async () => {
    const suspended = await issued(licence(NOW));
    await region.certificates.setStatus(suspended, 'suspended', '复核', 'operator');
    await expect(renditions.pdf(suspended)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is made of one that is not here, or that another region issued', async () => {
    await expect(renditions.pdf('1.2.156.3005.2.none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { own, certificates } = region;
    const sealing = ownSealing(own, clock);
    const elsewhere = new Renditions({ region: '320600', clock, certificates, types, sealing });
    await expect(elsewhere.pdf(identifier)).rejects.toMatchObject({ code: 'RENDITION_UNSUPPORTED' });
  });
});

/** @returns the identifier */
async function issued(input: CertificateInput): Promise<string> {
  return (await region.certificates.issue(input)).identifier;
}

async function rendered(own: CheckRegion['own']): Promise<Buffer> {
  const { certificates } = region;
  const sealing = ownSealing(own, clock);
  return (await new Renditions({ region: '150626', clock, certificates, types, sealing }).pdf(identifier)).pdf;
}

/** One byte of a page is another. */
function altered(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  copy[copy.indexOf('stream\n') + 40]! ^= 1;
  return copy;
}

/** Outlines of all glyphs of the font inside a PDF. */
async function embeddedOutlines(file: Buffer): Promise<string[]> {
  const { context } = await PDFDocument.load(file);
  const fonts = context.enumerateIndirectObjects().flatMap(([, object]) => {
    const stream = object instanceof PDFDict ? object.get(PDFName.of('FontFile2')) : undefined;
    const found = stream && context.lookup(stream);
    return found instanceof PDFRawStream ? [inflateSync(found.contents)] : [];
  });
  expect(fonts).toHaveLength(1);
  const font = fontkit.create(fonts[0]!);
  return Array.from({ length: font.numGlyphs }, (_, id) => font.getGlyph(id).path.toSVG());
}

/** Fields for each type that comes with the program, every one of them filled in. */
function everyType(): [typeName: string, fields: CertificateInput['fields']][] {
  return [
    [
      '营业执照',
      {
        enterprise_type: '有限责任公司',
        legal_representative: '示例甲',
        registered_capital: '壹佰万元整',
        established_on: '2020-01-02',
        residence: '南通市示例路1号',
        business_scope: '软件开发；信息系统集成服务。',
      },
    ],
    ['食品经营许可证', licence(NOW).fields],
    [
      '公证书',
      {
        notarial_matter: '委托',
        testimony: '兹证明示例甲于二〇二六年一月二日在委托书上签名。\n委托书的内容符合规定。',
        notary: '示例乙',
        place_of_use: '中国',
        purpose: '办理房屋登记',
      },
    ],
    [
      '参保缴费证明',
      {
        insurance_kind: '城镇企业职工基本养老保险',
        paid_from: '2021-01',
        paid_until: '2025-12',
        months_paid: 60,
        employer: '示例有限公司',
        records: Array.from({ length: 60 }, (_, index) => {
          const month = `${2021 + Math.floor(index / 12)}-${String(1 + (index % 12)).padStart(2, '0')}`;
          return { from: month, until: month, employer: '示例有限公司', base: 4250.5 };
        }),
      },
    ],
    [
      '有无犯罪记录证明',
      {
        finding: '无犯罪记录',
        searched_from: '2000-01-01',
        searched_until: '2026-11-01',
        purpose: '求职',
        former_names: ['示例丙', '示例丁'],
      },
    ],
    [
      '不动产登记证明',
      {
        right_or_matter: '抵押权',
        obligors: ['示例甲', '示例乙'],
        property: { location: '南通市示例路1号', unit_number: '320602001001GB00001F00010001' },
        secured_amount: 1_000_000,
        registered_on: '2026-01-02',
        other: '抵押方式：一般抵押',
        remarks: '无',
      },
    ],
  ];
}
