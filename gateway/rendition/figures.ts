import { type PDFPage, rgb } from 'pdf-lib';
import { create } from 'qrcode';
import type { Sheet } from './sheet.ts';

const RED = rgb(0.8, 0.1, 0.1);
/** White modules around a QR code (ISO/IEC 18004, 9.1). */
const QUIET = 4;
/** The part of the circle over which the name goes, in degrees, and the most that one character takes. */
const ARC = { whole: 270, each: 24 } as const;
const SEAL_TEXT = '印章图样';

/** Draws a QR code into a square, as areas and not as a picture: it stays sharp on paper. */
export function drawQr(
  page: PDFPage,
  text: string,
  square: { readonly x: number; readonly y: number; readonly side: number },
): void {
  const { size, data } = create(text, { errorCorrectionLevel: 'M' }).modules;
  const module = square.side / (size + 2 * QUIET);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const start = column;
      while (column < size && data[row * size + column]) column += 1;
      if (column === start) continue;
      page.drawRectangle({
        x: square.x + (QUIET + start) * module,
        y: square.y + square.side - (QUIET + row + 1) * module,
        width: (column - start) * module,
        height: module,
      });
    }
  }
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
