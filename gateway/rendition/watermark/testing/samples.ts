import { crc32, deflateSync } from 'node:zlib';
import { degrees, PDFDocument, type PDFPage, rgb } from 'pdf-lib';

/** A page with a red square at its top left and a green one at its top right. */
export async function markedPdf(
  change: (page: PDFPage, document: PDFDocument) => void | Promise<void> = () => {},
): Promise<Buffer> {
  const document = await PDFDocument.create({ updateMetadata: false });
  const page = document.addPage([300, 400]);
  markCorners(page, { x: 0, y: 0, width: 300, height: 400 });
  await change(page, document);
  return Buffer.from(await document.save());
}

/** Squares in the corners of a part of a page. */
export function markCorners(page: PDFPage, box: { x: number; y: number; width: number; height: number }): void {
  const side = 40;
  const y = box.y + box.height - side;
  page.drawRectangle({ x: box.x, y, width: side, height: side, color: rgb(1, 0, 0) });
  page.drawRectangle({ x: box.x + box.width - side, y, width: side, height: side, color: rgb(0, 1, 0) });
}

export const quarterTurns = (count: number) => degrees(90 * count);

/** A PDF of these objects, number 1 is the catalogue; streams as bytes. @param trailer more of the trailer */
export function rawPdf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  let at = parts[0]!.length;
  const places = objects.map((body, index) => {
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(body), Buffer.from('\nendobj\n')]);
    parts.push(part);
    at += part.length;
    return at - part.length;
  });
  const rows = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(end)]);
}

/** A stream object, deflated. @param dictionary more of its dictionary */
export function flateStream(content: Buffer, dictionary = ''): Buffer {
  const packed = deflateSync(content);
  return Buffer.concat([
    Buffer.from(`<< /Length ${packed.length} /Filter /FlateDecode ${dictionary} >>\nstream\n`),
    packed,
    Buffer.from('\nendstream'),
  ]);
}

export interface TestPngOptions {
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly bits?: number;
  readonly interlaced?: boolean;
  /** Told by the header instead of the size of the data. */
  readonly width?: number;
  readonly height?: number;
  /** More chunks before the data. */
  readonly chunks?: readonly Buffer[];
}

const SIZE = { width: 16, height: 24 } as const;
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A picture of 16 by 24 pixels: its upper half is dark and its lower half light. */
export function testPng({ colour, bits = 8, interlaced = false, width, height, chunks = [] }: TestPngOptions): Buffer {
  const samples = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  const pixel = (y: number): number[] => {
    const light = y >= SIZE.height / 2 ? 255 : 0;
    if (colour === 3) return [light === 0 ? 0 : 1];
    const colours = Array.from({ length: colour === 4 || colour === 6 ? samples - 1 : samples }, () => light);
    return colour === 4 || colour === 6 ? [...colours, 255] : colours;
  };
  const row = (y: number, columns: number): Buffer => {
    const values = Array.from({ length: columns }, () => pixel(y)).flat();
    if (bits === 16) return Buffer.from([0, ...values.flatMap((value) => [value, value])]);
    if (bits === 8) return Buffer.from([0, ...values]);
    const text = values
      .map((value) => (value === 0 ? '0' : '1').repeat(colour === 3 ? 1 : bits).padStart(bits, '0'))
      .join('');
    return Buffer.from([0, ...(text.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))]);
  };
  const passes = interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  const rows = passes.flatMap(([x0, y0, right, down]) => {
    const columns = Math.ceil((SIZE.width - x0) / right);
    const lines = Math.ceil((SIZE.height - y0) / down);
    return Array.from({ length: lines }, (_, line) => row(y0 + line * down, columns));
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width ?? SIZE.width, 0);
  header.writeUInt32BE(height ?? SIZE.height, 4);
  header.set([bits, colour, 0, 0, interlaced ? 1 : 0], 8);
  const palette = colour === 3 ? [pngChunk('PLTE', Buffer.from([0, 0, 0, 255, 255, 255]))] : [];
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    ...palette,
    ...chunks,
    pngChunk('IDAT', deflateSync(Buffer.concat(rows))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

export function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Puts Exif data with an orientation into a JPEG. */
export function oriented(jpeg: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from('4d4d002a0000000800010112000300000001000000000000', 'hex');
  tiff.writeUInt16BE(orientation, 18);
  const content = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}
