import {
  concatTransformationMatrix,
  fill,
  type PDFPage,
  popGraphicsState,
  pushGraphicsState,
  rectangle,
  rgb,
  setFillingGrayscaleColor,
} from 'pdf-lib';
import { encodeQR } from 'qr';
import type { Sheet } from './sheet.ts';

const RED = rgb(0.8, 0.1, 0.1);
/** White modules around a QR code (ISO/IEC 18004, 9.1). */
const QUIET = 4;
/** The part of the circle over which the name goes, in degrees, and the most that one character takes. */
const ARC = { whole: 270, each: 24 } as const;
const SEAL_TEXT = '印章图样';

/** A QR code: rows of modules, the white around it included. */
export type QrCode = readonly (readonly boolean[])[];

/** The QR code of a text. @param level how much of it may be lost: `low` 7 %, `medium` 15 % */
export function qrOf(text: string, level: 'low' | 'medium'): QrCode {
  return encodeQR(text, 'raw', { ecc: level, border: QUIET });
}

/** How large a QR code is: 1 to 40 (ISO/IEC 18004, 5.3.1). */
export function versionOf(code: QrCode): number {
  return (code.length - 2 * QUIET - 17) / 4;
}

/**
 * Draws a QR code, as one area and not as a picture: it stays sharp on paper, and has no seams. White goes around it and
 * below it, whatever is on the page.
 *
 * @param square where its modules go
 */
export function drawQr(
  page: PDFPage,
  code: QrCode,
  { x, y, side }: { readonly x: number; readonly y: number; readonly side: number },
): void {
  const size = code.length;
  const module = side / (size - 2 * QUIET);
  const dark = code.flatMap((row, at) => runsOf(row).map(([from, to]) => rectangle(from, -at - 1, to - from, 1)));
  page.pushOperators(
    pushGraphicsState(),
    concatTransformationMatrix(module, 0, 0, module, x - QUIET * module, y + side + QUIET * module),
    setFillingGrayscaleColor(1),
    rectangle(0, -size, size, size),
    fill(),
    setFillingGrayscaleColor(0),
    ...dark,
    fill(),
    popGraphicsState(),
  );
}

/** Where dark modules follow one another in a row. */
function runsOf(row: readonly boolean[]): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < row.length; at += 1) {
    if (!row[at]) continue;
    const from = at;
    while (row[at]) at += 1;
    runs.push([from, at]);
  }
  return runs;
}

/**
 * Draws what a seal looks like (印章图样): round and red, the name of the authority along its edge. In its middle stands
 * that it is a picture: only the signature of the file proves anything.
 */
export function drawSeal(
  sheet: Sheet,
  name: string,
  centre: { readonly x: number; readonly y: number; readonly radius: number },
): void {
  const { x, y, radius } = centre;
  sheet.page.drawCircle({ x, y, size: radius, borderColor: RED, borderWidth: 2.5 });
  const characters = [...sheet.drawable(name)];
  const step = Math.min(ARC.each, ARC.whole / characters.length);
  const size = Math.min(13, radius * 0.9 * ((step * Math.PI) / 180));
  const inner = radius - 5 - size;
  for (const [index, character] of characters.entries()) {
    // Clockwise from the top, the middle of the name at the top; each character stands upright on its radius.
    const angle = ((index - (characters.length - 1) / 2) * step * Math.PI) / 180;
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    const left = { x: x + inner * sin - (size / 2) * cos, y: y + inner * cos + (size / 2) * sin };
    sheet.write(character, left.x, left.y, { size, color: RED }, (-angle * 180) / Math.PI);
  }
  sheet.write(SEAL_TEXT, x - 2 * 11, y - 4, { size: 11, color: RED });
}
