import type { PDFDocument, PDFRef } from 'pdf-lib';
import { refused } from './fault.ts';
import { type Orientation, readJpegHeader } from './jpeg.ts';
import type { Leaf } from './leaf.ts';
import { COPY_LIMITS } from './limits.ts';
import { after, type Matrix, scale, shift } from './matrix.ts';
import { type PngFile, readPng } from './png.ts';

/** A4 in points; pictures are put on it, upright or lying as they are. */
const A4 = { short: 595.28, long: 841.89, margin: 24 } as const;

/** Where the unit square goes in which PDF draws a picture, for each orientation of Exif: mirrored, turned, or both. */
const UPRIGHT: Readonly<Record<Orientation, Matrix>> = {
  1: [1, 0, 0, 1, 0, 0],
  2: [-1, 0, 0, 1, 1, 0],
  3: [-1, 0, 0, -1, 1, 1],
  4: [1, 0, 0, -1, 0, 1],
  5: [0, -1, -1, 0, 1, 1],
  6: [0, -1, 1, 0, 0, 1],
  7: [0, 1, 1, 0, 0, 0],
  8: [0, 1, -1, 0, 1, 0],
};

/** Takes a JPEG over as it is. @throws CodedError WATERMARK_UNSUPPORTED, WATERMARK_REFUSED */
export function leafOfJpeg(bytes: Buffer, { context }: PDFDocument): Leaf {
  const { width, height, bits, components, orientation, inverted } = readJpegHeader(bytes);
  const image = context.stream(bytes, {
    ...imageOf(width, height, bits),
    ColorSpace: { 1: 'DeviceGray', 3: 'DeviceRGB', 4: 'DeviceCMYK' }[components],
    Filter: 'DCTDecode',
    ...(components === 4 && inverted && { Decode: [1, 0, 1, 0, 1, 0, 1, 0] }),
  });
  const [wide, high] = orientation >= 5 ? [height, width] : [width, height];
  return onPaper(context.register(image), wide, high, UPRIGHT[orientation]);
}

/** Takes the data of a PNG over as it is; one that is interlaced or not opaque is unpacked. @throws as `leafOfJpeg` */
export async function leafOfPng(bytes: Buffer, copy: PDFDocument): Promise<Leaf> {
  const png = await readPng(bytes);
  const { width, height, colour, interlaced, transparency } = png;
  const isPlain = (colour === 0 || colour === 2 || colour === 3) && !interlaced && !transparency;
  const image = isPlain ? plainImage(png, copy) : await unpackedImage(png, copy);
  return onPaper(image, width, height, UPRIGHT[1]);
}

/** PDF packs rows as PNG does (ISO 32000-1, 7.4.4.4). */
function plainImage({ width, height, bits, colour, palette, data }: PngFile, { context }: PDFDocument): PDFRef {
  const colours = colour === 2 ? 3 : 1;
  const image = context.stream(data, {
    ...imageOf(width, height, bits),
    ColorSpace: palette && colour === 3 ? indexed(palette, context) : colour === 2 ? 'DeviceRGB' : 'DeviceGray',
    Filter: 'FlateDecode',
    DecodeParms: { Predictor: 15, Colors: colours, BitsPerComponent: bits, Columns: width },
  });
  return context.register(image);
}

function indexed(palette: Buffer, context: PDFDocument['context']) {
  return ['Indexed', 'DeviceRGB', palette.length / 3 - 1, context.register(context.stream(palette))];
}

async function unpackedImage({ width, height, bare }: PngFile, copy: PDFDocument): Promise<PDFRef> {
  if (width * height > COPY_LIMITS.unpackedPixels)
    throw refused(`a picture that is not opaque may have ${COPY_LIMITS.unpackedPixels} pixels`);
  try {
    const image = await copy.embedPng(new Uint8Array(bare));
    await image.embed();
    return image.ref;
  } catch (error) {
    throw refused('the PNG cannot be read', error);
  }
}

function imageOf(width: number, height: number, bits: number) {
  return { Type: 'XObject', Subtype: 'Image', Width: width, Height: height, BitsPerComponent: bits };
}

/** Puts a picture in the middle of a sheet, as large as it fits. */
function onPaper(content: PDFRef, wide: number, high: number, upright: Matrix): Leaf {
  const [width, height] = wide > high ? [A4.long, A4.short] : [A4.short, A4.long];
  const size = Math.min((width - 2 * A4.margin) / wide, (height - 2 * A4.margin) / high);
  const [shownWide, shownHigh] = [wide * size, high * size];
  const middle = shift((width - shownWide) / 2, (height - shownHigh) / 2);
  return { width, height, content, place: after(after(upright, scale(shownWide, shownHigh)), middle) };
}
