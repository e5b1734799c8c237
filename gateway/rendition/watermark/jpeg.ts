import { refused, unsupported } from './fault.ts';
import { COPY_LIMITS } from './limits.ts';

/** How a picture has to be turned and mirrored to be upright (Exif, tag 0x0112): 1 not at all. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What the header of a JPEG says. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly components: 1 | 3 | 4;
  readonly orientation: Orientation;
  /** Whether four colours are stored as their complements, as the marker of Adobe says. */
  readonly inverted: boolean;
}

const MARKER = { exif: 0xe1, adobe: 0xee, scan: 0xda, end: 0xd9 } as const;
/** Frames that PDF readers can decode: baseline, extended, progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);
const OTHER_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
const EXIF = 'Exif\0\0';
const ORIENTATION_TAG = 0x0112;
/** Entries of a directory that are looked at. */
const MAX_ENTRIES = 200;

/**
 * Reads what stands before the first scan of a JPEG (ITU-T T.81, annex B).
 *
 * @throws CodedError WATERMARK_UNSUPPORTED for a rare process, WATERMARK_REFUSED
 */
export function readJpegHeader(bytes: Buffer): JpegHeader {
  let frame: Pick<JpegHeader, 'width' | 'height' | 'bits' | 'components'> | undefined;
  let orientation: Orientation = 1;
  let inverted = false;
  for (let at = 2; ; ) {
    const { marker, start, end } = segmentAt(bytes, at);
    const content = bytes.subarray(start, end);
    if (OTHER_FRAMES.has(marker)) throw unsupported('the JPEG is of a kind that PDF does not know');
    if (FRAMES.has(marker)) frame = frameOf(content);
    else if (marker === MARKER.exif) orientation = orientationOf(content) ?? orientation;
    else if (marker === MARKER.adobe) inverted = content.toString('latin1', 0, 5) === 'Adobe';
    else if (marker === MARKER.scan) break;
    at = end;
  }
  if (!frame) throw refused('the JPEG has no frame before its first scan');
  return { ...frame, orientation, inverted };
}

function segmentAt(bytes: Buffer, at: number): { marker: number; start: number; end: number } {
  let place = at;
  while (bytes[place] === 0xff && bytes[place + 1] === 0xff) place += 1;
  const marker = bytes[place + 1] ?? MARKER.end;
  const start = place + 4;
  if (bytes[place] !== 0xff || marker === MARKER.end || start > bytes.length)
    throw refused('the header of the JPEG is malformed');
  const end = place + 2 + bytes.readUInt16BE(place + 2);
  if (end < start || end > bytes.length) throw refused('the header of the JPEG is malformed');
  return { marker, start, end };
}

function frameOf(content: Buffer): Pick<JpegHeader, 'width' | 'height' | 'bits' | 'components'> {
  if (content.length < 6) throw refused('the frame of the JPEG is malformed');
  const [bits, height, width, components] = [
    content[0]!,
    content.readUInt16BE(1),
    content.readUInt16BE(3),
    content[5]!,
  ];
  if (width === 0 || height === 0 || width * height > COPY_LIMITS.pixels)
    throw refused(`the picture has no size, or more than ${COPY_LIMITS.pixels} pixels`);
  if (bits !== 8 || (components !== 1 && components !== 3 && components !== 4))
    throw unsupported('the colours of the JPEG are of a kind that PDF does not know');
  return { bits, height, width, components };
}

/** The orientation in the first directory of Exif data, which is a TIFF; undefined when it says none. */
function orientationOf(content: Buffer): Orientation | undefined {
  if (content.toString('latin1', 0, EXIF.length) !== EXIF) return undefined;
  const tiff = content.subarray(EXIF.length);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  if (tiff.length < 8) return undefined;
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  for (let index = 0; index < Math.min(short(directory), MAX_ENTRIES); index += 1) {
    const entry = directory + 2 + 12 * index;
    if (short(entry) !== ORIENTATION_TAG) continue;
    const value = short(entry + 8);
    return value >= 1 && value <= 8 ? (value as Orientation) : undefined;
  }
  return undefined;
}
