import { PDFDict, PDFDocument, PDFName, PDFNumber, StandardFonts } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFont, type RenditionFont } from '../font.ts';
import { makeCopy } from './copy.ts';
import { COPY_LIMITS } from './limits.ts';
import { jpegOf, NO_POPPLER, POPPLER, shown, textIn } from './testing/poppler.ts';
import {
  flateStream,
  markCorners,
  markedPdf,
  oriented,
  pngChunk,
  quarterTurns,
  rawPdf,
  testPng,
} from './testing/samples.ts';
import { copyWords } from './words.ts';

const WORDS = copyWords({
  name: '营业执照',
  digest: 'ab'.repeat(32),
  grade: 'B',
  from: '320600',
  checked: { organisation: '南通市政务服务中心', at: Date.UTC(2026, 10, 22) },
  sealedBy: [],
  item: '食品经营许可',
  number: '15062620261122000001',
  validUntil: Date.UTC(2026, 11, 31),
});
const MARK = [
  '南通市政务服务中心',
  '材料等级B',
  '仅用于办理食品经营许可',
  '办件编号15062620261122000001',
  '有效期至2026-12-31',
];
const RED = 'red';
const GREEN = 'green';

let font: RenditionFont;

beforeAll(async () => {
  font = await openFont();
});

const copied = async (bytes: Buffer, words = WORDS) => Buffer.from((await makeCopy(bytes, words, font)).pdf);
const refusal = (code: string) => expect.objectContaining({ code });

/** What colour a corner of the page has, a little inside. */
function cornersOf(pdf: Buffer, inset = 0.06): Record<'topLeft' | 'topRight' | 'bottomLeft' | 'bottomRight', string> {
  const page = shown(pdf);
  const colour = (x: number, y: number) => {
    const [red, green, blue] = page.at(x, y);
    if (red > 180 && green < 90 && blue < 90) return RED;
    return green > 150 && red < 110 && blue < 90 ? GREEN : '';
  };
  // The foot takes a part of the page from below.
  return {
    topLeft: colour(inset, inset),
    topRight: colour(1 - inset, inset),
    bottomLeft: colour(inset, 0.93 - inset),
    bottomRight: colour(1 - inset, 0.93 - inset),
  };
}

const UPRIGHT = { topLeft: RED, topRight: GREEN, bottomLeft: '', bottomRight: '' };

describe.skipIf(!POPPLER)(`the copy of a PDF${POPPLER ? '' : `: ${NO_POPPLER}`}`, () => {
  it('carries the mark on every page, and who vouches, for what and until when', async () => {
    const source = await markedPdf((_, document) => {
      document.addPage([400, 300]);
      document.addPage([300, 400]);
    });
    const text = textIn(await copied(source));
    for (const line of MARK) expect(text.split(line).length - 1, line).toBeGreaterThanOrEqual(3);
    expect(text.split('材料水印件').length - 1).toBe(3);
  });

  it('has pages of the same size, and what was on them where it was', async () => {
    const copy = await copied(await markedPdf());
    const { width, height } = (await PDFDocument.load(copy)).getPage(0).getSize();
    expect([width, height]).toEqual([300, 400]);
    expect(cornersOf(copy)).toEqual(UPRIGHT);
  });

  it.each([
    [1, { topLeft: '', topRight: RED, bottomLeft: '', bottomRight: GREEN }],
    [2, { topLeft: '', topRight: '', bottomLeft: GREEN, bottomRight: RED }],
    [3, { topLeft: GREEN, topRight: '', bottomLeft: RED, bottomRight: '' }],
    [-1, { topLeft: GREEN, topRight: '', bottomLeft: RED, bottomRight: '' }],
  ])('is turned as readers turn it, by %i quarters', async (quarters, corners) => {
    const source = await markedPdf((page) => page.setRotation(quarterTurns(quarters)));
    const copy = await copied(source);
    expect(cornersOf(copy)).toEqual(corners);
    const { width, height } = (await PDFDocument.load(copy)).getPage(0).getSize();
    expect([width, height]).toEqual(quarters === 2 ? [300, 400] : [400, 300]);
  });

  it('is cropped as readers crop it, turned or not', async () => {
    const crop = { x: 50, y: 100, width: 200, height: 150 };
    const cropped = (quarters: number) =>
      markedPdf((page) => {
        markCorners(page, crop);
        page.setCropBox(crop.x, crop.y, crop.width, crop.height);
        page.setRotation(quarterTurns(quarters));
      });
    expect(cornersOf(await copied(await cropped(0)))).toEqual(UPRIGHT);
    const turned = await copied(await cropped(2));
    expect(cornersOf(turned)).toEqual({ topLeft: '', topRight: '', bottomLeft: GREEN, bottomRight: RED });
    expect((await PDFDocument.load(turned)).getPage(0).getSize()).toEqual({ width: 200, height: 150 });
  });

  it('is as large as the page says, in units of its own', async () => {
    const source = await markedPdf((page) => page.node.set(PDFName.of('UserUnit'), PDFNumber.of(2)));
    const copy = await copied(source);
    expect((await PDFDocument.load(copy)).getPage(0).getSize()).toEqual({ width: 600, height: 800 });
    expect(cornersOf(copy)).toEqual(UPRIGHT);
  });

  it('cannot be freed of its mark by what a page leaves behind', async () => {
    const source = await markedPdf((page, { context }) => {
      for (const content of ['Q Q 0.01 0 0 0.01 5000 5000 cm', '/Nothing gs q q q'])
        page.node.addContentStream(context.register(context.flateStream(content)));
    });
    const copy = await copied(source);
    expect(textIn(copy)).toContain(MARK[0]);
    expect(cornersOf(copy)).toEqual(UPRIGHT);
    // Some of the mark is seen in the middle of the page, where there is nothing else.
    const page = shown(copy);
    const places = Array.from({ length: 900 }, (_, index) => page.at(0.35 + (index % 30) / 100, 0.4 + index / 6000));
    expect(places.filter(([red, green]) => red - green > 8).length).toBeGreaterThan(50);
  });

  it('shows fields, ticks and stamps as they look, and nothing that can be filled in or run', async () => {
    const source = await markedPdf(async (page, document) => {
      const form = document.getForm();
      const field = form.createTextField('name');
      field.setText('filled in');
      field.addToPage(page, {
        x: 20,
        y: 200,
        width: 150,
        height: 30,
        font: await document.embedFont(StandardFonts.Helvetica),
      });
      const tick = form.createCheckBox('tick');
      tick.addToPage(page, { x: 200, y: 200, width: 30, height: 30 });
      tick.check();
      document.addJavaScript('run', 'app.alert(1)');
      await document.attach(Buffer.from('secret'), 'secret.txt');
      document.catalog.set(PDFName.of('OpenAction'), document.context.obj({ S: 'JavaScript', JS: 'x' }));
    });
    const copy = await copied(source);
    expect(textIn(copy)).toContain('filledin');
    const { catalog, context } = await PDFDocument.load(copy);
    expect(
      catalog
        .keys()
        .map((key) => key.toString())
        .sort(),
    ).toEqual(['/Lang', '/Pages', '/Type', '/ViewerPreferences']);
    const dictionaries = context.enumerateIndirectObjects().map(([, object]) => object);
    expect(dictionaries.some((one) => one instanceof PDFDict && one.has(PDFName.of('JS')))).toBe(false);
    expect(copy.includes('secret')).toBe(false);
  });

  it('says of a sealed original that its seal counts there only', async () => {
    const plain = await markedPdf();
    expect(textIn(await copied(plain))).not.toContain('印章的效力只在原件上');
    const signed = Buffer.concat([plain, Buffer.from('\n% /ByteRange [0 1 2 3]\n')]);
    expect(textIn(await copied(signed))).toContain('印章的效力只在原件上');
  });

  it('names characters that the font has not', async () => {
    const { pdf, missing } = await makeCopy(await markedPdf(), { ...WORDS, mark: ['阿不都·ئۇ'] }, font);
    expect(missing).toEqual(['ئ', 'ۇ']);
    expect(textIn(pdf)).toContain('阿不都·〔U+0626U+06C7〕');
  });
});

describe('any copy', () => {
  it('is the same for the same file and words, and another for others', async () => {
    const source = await markedPdf();
    const first = await copied(source);
    expect((await copied(source)).equals(first)).toBe(true);
    expect((await copied(source, { ...WORDS, mark: ['其他'] })).equals(first)).toBe(false);
  });

  it('stays small: only the characters that are drawn are in it', async () => {
    const source = await markedPdf();
    expect((await copied(source)).length).toBeLessThan(source.length + 40_000);
  });
});

describe.skipIf(!POPPLER)(`the copy of a picture${POPPLER ? '' : `: ${NO_POPPLER}`}`, () => {
  it.each<[number, ReturnType<typeof cornersOf>]>([
    [1, UPRIGHT],
    [2, { topLeft: GREEN, topRight: RED, bottomLeft: '', bottomRight: '' }],
    [3, { topLeft: '', topRight: '', bottomLeft: GREEN, bottomRight: RED }],
    [4, { topLeft: '', topRight: '', bottomLeft: RED, bottomRight: GREEN }],
    [5, { topLeft: RED, topRight: '', bottomLeft: GREEN, bottomRight: '' }],
    [6, { topLeft: '', topRight: RED, bottomLeft: '', bottomRight: GREEN }],
    [7, { topLeft: '', topRight: GREEN, bottomLeft: '', bottomRight: RED }],
    [8, { topLeft: GREEN, topRight: '', bottomLeft: RED, bottomRight: '' }],
  ])('of a photo with orientation %i is upright', async (orientation, corners) => {
    // As wide as high as the sheet on which it is put.
    const photo = jpegOf(await markedPdf((page) => page.setSize(300, 400)));
    const copy = await copied(oriented(photo, orientation));
    const { width, height } = (await PDFDocument.load(copy)).getPage(0).getSize();
    expect(width < height).toBe(orientation < 5);
    expect(cornersOf(copy, 0.1)).toEqual(corners);
    expect(textIn(copy)).toContain(MARK[0]);
  });

  it.each<[string, Parameters<typeof testPng>[0]]>([
    ['grey, 1 bit', { colour: 0, bits: 1 }],
    ['grey, 8 bits', { colour: 0 }],
    ['grey, 16 bits', { colour: 0, bits: 16 }],
    ['colours', { colour: 2 }],
    ['colours, 16 bits', { colour: 2, bits: 16 }],
    ['a palette', { colour: 3 }],
    ['a palette of 2 bits', { colour: 3, bits: 2 }],
    ['grey with alpha', { colour: 4 }],
    ['colours with alpha', { colour: 6 }],
    ['colours, interlaced', { colour: 2, interlaced: true }],
    ['a transparent colour', { colour: 2, chunks: [pngChunk('tRNS', Buffer.from([0, 1, 0, 2, 0, 3]))] }],
  ])('of a PNG with %s shows it', async (_, options) => {
    const page = shown(await copied(testPng(options)));
    const brightness = (y: number) => {
      const row = Array.from({ length: 40 }, (_, index) => page.at(0.2 + index * 0.015, y));
      return row.reduce((sum, [red, green, blue]) => sum + red + green + blue, 0) / (row.length * 765);
    };
    expect(brightness(0.2)).toBeLessThan(0.3);
    expect(brightness(0.7)).toBeGreaterThan(0.7);
  });
});

describe('a file of which no copy is made', () => {
  const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents [4 0 R 5 0 R] >>';
  const tree = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'];
  const empty = flateStream(Buffer.from('q Q'));

  it('is any other type', async () => {
    for (const bytes of [Buffer.from('PK\x03\x04'), Buffer.from('GIF89a'), Buffer.alloc(0), Buffer.from('hello')])
      await expect(copied(bytes)).rejects.toEqual(refusal('WATERMARK_UNSUPPORTED'));
  });

  it('is an encrypted PDF', async () => {
    const encrypted = rawPdf([...tree, page, empty, empty, '<< /Filter /Standard /V 4 >>'], '/Encrypt 6 0 R');
    await expect(copied(encrypted)).rejects.toEqual(refusal('WATERMARK_UNSUPPORTED'));
  });

  it.each<[string, () => Buffer]>([
    ['is no PDF but for its beginning', () => Buffer.from('%PDF-1.7\nnothing follows')],
    ['has no pages', () => rawPdf([tree[0]!, '<< /Type /Pages /Kids [] /Count 0 >>'])],
    ['has a tree that leads back', () => rawPdf([tree[0]!, '<< /Type /Pages /Kids [2 0 R] /Count 1 >>'])],
    ['has a page without a size', () => rawPdf([...tree, '<< /Type /Page /Parent 2 0 R >>'])],
    ['has a tiny page', () => rawPdf([...tree, page.replace('300 400', '3 4'), empty, empty])],
    ['has a huge page', () => rawPdf([...tree, page.replace('300 400', '300 40000'), empty, empty])],
    [
      'names the same branches again and again',
      () => {
        const levels = Array.from({ length: 20 }, (_, index) => {
          const next = index === 19 ? 22 : index + 3;
          return `<< /Type /Pages /Kids [${`${next} 0 R `.repeat(30)}] >>`;
        });
        return rawPdf([tree[0]!, ...levels, '<< /Type /Page /MediaBox [0 0 300 400] >>']);
      },
    ],
    [
      'unpacks to too much',
      () => {
        const bomb = flateStream(Buffer.alloc(COPY_LIMITS.contentBytes + 1, ' '));
        return rawPdf([...tree, page, empty, bomb]);
      },
    ],
    [
      'has a stream that does not unpack',
      () => rawPdf([...tree, page, empty, '<< /Length 3 /Filter /FlateDecode >>\nstream\nabc\nendstream']),
    ],
  ])('%s', async (_, make) => {
    await expect(copied(make())).rejects.toEqual(refusal('WATERMARK_REFUSED'));
  });

  it('has too many pages', async () => {
    const document = await PDFDocument.create();
    for (let n = 0; n <= COPY_LIMITS.pages; n += 1) document.addPage([100, 100]);
    await expect(copied(Buffer.from(await document.save()))).rejects.toEqual(refusal('WATERMARK_REFUSED'));
  });

  it.each<[string, () => Buffer]>([
    ['tells of too many pixels', () => testPng({ colour: 0, width: 100_000, height: 100_000 })],
    ['has more pixels than may be unpacked', () => testPng({ colour: 6, width: 5000, height: 5000 })],
    ['has less data than pixels', () => testPng({ colour: 2, width: 17 })],
    ['has more data than pixels', () => testPng({ colour: 2, height: 2 })],
    ['has a header of its own kind', () => testPng({ colour: 2, bits: 4 })],
    ['is cut off', () => testPng({ colour: 2 }).subarray(0, -20)],
    ['is damaged', () => spoilt(testPng({ colour: 2 }), 60)],
    ['has no palette', () => Buffer.concat([testPng({ colour: 0 })].map((png) => recoloured(png)))],
  ])('is a PNG that %s', async (_, make) => {
    await expect(copied(make())).rejects.toEqual(refusal('WATERMARK_REFUSED'));
  });

  it('is not a PNG that hides a bomb beside its picture', async () => {
    const bomb = pngChunk('zTXt', Buffer.concat([Buffer.from('k\0\0'), Buffer.alloc(1000)]));
    await expect(copied(testPng({ colour: 6, chunks: [bomb] }))).resolves.toBeInstanceOf(Buffer);
  });

  const head = Buffer.from('ffd8', 'hex');
  const frame = (marker: number, bits: number, height: number, width: number, components: number) =>
    Buffer.from([0xff, marker, 0, 8, bits, height >> 8, height & 255, width >> 8, width & 255, components]);
  const scan = Buffer.from('ffda0002', 'hex');
  it.each<[string, string, Buffer]>([
    ['has too many pixels', 'WATERMARK_REFUSED', Buffer.concat([head, frame(0xc0, 8, 65535, 65535, 3), scan])],
    ['has no size', 'WATERMARK_REFUSED', Buffer.concat([head, frame(0xc0, 8, 0, 10, 3), scan])],
    ['has no frame', 'WATERMARK_REFUSED', Buffer.concat([head, scan])],
    ['ends in its header', 'WATERMARK_REFUSED', Buffer.concat([head, frame(0xc0, 8, 10, 10, 3)])],
    ['has a segment that reaches too far', 'WATERMARK_REFUSED', Buffer.from('ffd8ffe0ffff00', 'hex')],
    ['is lossless', 'WATERMARK_UNSUPPORTED', Buffer.concat([head, frame(0xc3, 8, 10, 10, 3), scan])],
    ['has 12 bits', 'WATERMARK_UNSUPPORTED', Buffer.concat([head, frame(0xc1, 12, 10, 10, 3), scan])],
    ['has two colours', 'WATERMARK_UNSUPPORTED', Buffer.concat([head, frame(0xc0, 8, 10, 10, 2), scan])],
  ])('is a JPEG that %s', async (_, code, bytes) => {
    await expect(copied(bytes)).rejects.toEqual(refusal(code));
  });
});

function spoilt(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 0xff;
  return changed;
}

/** Says of a grey picture that it has a palette. */
function recoloured(png: Buffer): Buffer {
  const header = Buffer.from(png.subarray(16, 29));
  header[9] = 3;
  return Buffer.concat([png.subarray(0, 8), pngChunk('IHDR', header), png.subarray(33)]);
}
