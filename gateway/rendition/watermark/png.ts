import { once } from 'node:events';
import { crc32, createInflate } from 'node:zlib';
import { refused } from './fault.ts';
import { COPY_LIMITS } from './limits.ts';

/** What a PNG (ISO/IEC 15948) consists of. */
export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Bits of one sample. */
  readonly bits: number;
  readonly colour: PngColour;
  readonly interlaced: boolean;
  readonly palette: Buffer | undefined;
  readonly transparency: Buffer | undefined;
  /** The picture, filtered and deflated. */
  readonly data: Buffer;
  /** The file with nothing in it but what the picture needs. */
  readonly bare: Buffer;
}

/** 0 grey, 2 colours, 3 palette, 4 grey with alpha, 6 colours with alpha. */
type PngColour = 0 | 2 | 3 | 4 | 6;

const SIGNATURE_BYTES = 8;
/** Samples of one pixel, and how many bits they may have. */
const COLOURS: Readonly<Record<PngColour, { readonly samples: number; readonly bits: readonly number[] }>> = {
  0: { samples: 1, bits: [1, 2, 4, 8, 16] },
  2: { samples: 3, bits: [8, 16] },
  3: { samples: 1, bits: [1, 2, 4, 8] },
  4: { samples: 2, bits: [8, 16] },
  6: { samples: 4, bits: [8, 16] },
};
/** Chunks that make the picture; the others may hold anything, deflated too. */
const KEPT = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** First column and row, and steps, of each pass of an interlaced picture (8.2). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Reads a PNG: its header before anything else, and the size to which its data unpacks.
 *
 * @throws CodedError WATERMARK_REFUSED
 */
export async function readPng(bytes: Buffer): Promise<PngFile> {
  const header = headerOf(bytes);
  const chunks = chunksOf(bytes);
  const contents = (type: string) => chunks.filter((chunk) => chunk.type === type).map(({ content }) => content);
  const [palette] = contents('PLTE');
  if (header.colour === 3 && (!palette || palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768))
    throw refused('the PNG has no palette');
  const data = Buffer.concat(contents('IDAT'));
  await demandSize(data, unpackedBytes(header));
  return {
    ...header,
    palette,
    transparency: contents('tRNS')[0],
    data,
    bare: Buffer.concat([bytes.subarray(0, SIGNATURE_BYTES), ...chunks.map(({ raw }) => raw)]),
  };
}

type Header = Pick<PngFile, 'width' | 'height' | 'bits' | 'colour' | 'interlaced'>;

function headerOf(bytes: Buffer): Header {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') throw refused('the PNG has no header');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width === 0 || height === 0 || width * height > COPY_LIMITS.pixels)
    throw refused(`the picture has no size, or more than ${COPY_LIMITS.pixels} pixels`);
  const [bits, colour, interlace] = [bytes[24]!, bytes[25]! as PngColour, bytes[28]!];
  if (!COLOURS[colour]?.bits.includes(bits) || bytes[26] !== 0 || bytes[27] !== 0 || interlace > 1)
    throw refused('the header of the PNG is malformed');
  return { width, height, bits, colour, interlaced: interlace === 1 };
}

function chunksOf(bytes: Buffer): { type: string; content: Buffer; raw: Buffer }[] {
  const chunks: { type: string; content: Buffer; raw: Buffer }[] = [];
  for (let at = SIGNATURE_BYTES; ; ) {
    const end = at + 12 + (at + 12 > bytes.length ? bytes.length : bytes.readUInt32BE(at));
    if (end > bytes.length) throw refused('the PNG is cut off');
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (KEPT.has(type)) {
      if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
        throw refused('a part of the PNG is damaged');
      chunks.push({ type, content: bytes.subarray(at + 8, end - 4), raw: bytes.subarray(at, end) });
    }
    if (type === 'IEND') return chunks;
    at = end;
  }
}

/** Bytes of the rows, each with the number of its filter. */
function unpackedBytes({ width, height, bits, colour, interlaced }: Header): number {
  const size = (columns: number, rows: number) =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * COLOURS[colour].samples * bits) / 8));
  if (!interlaced) return size(width, height);
  return PASSES.reduce((sum, [x, y, right, down]) => {
    return sum + size(Math.ceil(Math.max(0, width - x) / right), Math.ceil(Math.max(0, height - y) / down));
  }, 0);
}

/** Unpacks without keeping anything: the data has to be as long as the header says. */
async function demandSize(data: Buffer, expected: number): Promise<void> {
  let size = 0;
  const inflate = createInflate();
  inflate.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > expected) inflate.destroy(new RangeError('too long'));
  });
  try {
    inflate.end(data);
    await once(inflate, 'end');
  } catch (error) {
    throw refused('the data of the PNG does not unpack to its size', error);
  }
  if (size !== expected) throw refused('the data of the PNG does not unpack to its size');
}
