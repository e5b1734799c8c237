import {
  beginText,
  concatTransformationMatrix,
  drawObject,
  endText,
  moveText,
  type PDFDocument,
  type PDFFont,
  type PDFPage,
  type PDFRef,
  popGraphicsState,
  pushGraphicsState,
  setFillingRgbColor,
  setFontAndSize,
  setGraphicsState,
  showText,
} from 'pdf-lib';
import { wrap } from '../text.ts';
import { COPY_LIMITS } from './limits.ts';
import { after, boundsOf, scale, shift, turn } from './matrix.ts';

/** What is drawn again and again across the pages. */
export interface Mark {
  readonly form: PDFRef;
  /** In units of the size of its text. */
  readonly width: number;
  readonly height: number;
}

const LINE = 1.45;
/** Ems after which a line is broken. */
const WIDTH = 24;
/** Latin lines are smaller than Chinese ones. */
const SMALL = 0.62;
const ANGLE = 30;
/** Red as of a stamp, so thin that black text stays readable under it. */
const COLOUR = [0.78, 0.08, 0.08] as const;
const OPACITY = 0.2;
/** Size of the text as a part of the shorter side of the page, and room between marks in sizes. */
const PART = 1 / 42;
const GAP = { x: 5, y: 6 } as const;

/** Makes the form of a mark, with text of size 1 around its middle. */
export function makeMark(lines: readonly string[], font: PDFFont, { context }: PDFDocument): Mark {
  const widthOf = (text: string) => font.widthOfTextAtSize(text, 1);
  const set = lines
    .flatMap((line) => {
      const size = /\p{Script=Han}/u.test(line) ? 1 : SMALL;
      return wrap(line, WIDTH / size, widthOf).map((text) => ({ text, size, width: widthOf(text) * size }));
    })
    .slice(0, COPY_LIMITS.markLines);
  const width = Math.max(...set.map((line) => line.width));
  const height = set.reduce((sum, { size }) => sum + size * LINE, 0);
  let y = height / 2;
  const operators = set.flatMap(({ text, size, width: own }) => {
    y -= size * LINE;
    return [
      beginText(),
      setFontAndSize('F', size),
      moveText(-own / 2, y + size * 0.35),
      showText(font.encodeText(text)),
      endText(),
    ];
  });
  const form = context.formXObject([setGraphicsState('Thin'), setFillingRgbColor(...COLOUR), ...operators], {
    BBox: [-width / 2 - 1, -height / 2 - 1, width / 2 + 1, height / 2 + 1],
    Resources: { Font: { F: font.ref }, ExtGState: { Thin: { Type: 'ExtGState', ca: OPACITY } } },
  });
  return { form: context.register(form), width, height };
}

/** Draws a mark across a page, over everything, slanting upwards; one is always in the middle. */
export function drawMark(page: PDFPage, mark: Mark): void {
  const { width, height } = page.getSize();
  const size = Math.min(Math.min(width, height) * PART, (0.8 * width) / mark.width);
  const [stepX, stepY] = [(mark.width + GAP.x) * size, (mark.height + GAP.y) * size];
  const reach = Math.hypot(width, height) / 2;
  const [columns, rows] = [Math.ceil(reach / stepX), Math.ceil(reach / stepY)];
  const whole = { x: -mark.width / 2, y: -mark.height / 2, width: mark.width, height: mark.height };
  const name = page.node.newXObject('Mark', mark.form);
  for (let row = -rows; row <= rows; row += 1) {
    for (let column = -columns; column <= columns; column += 1) {
      // Every second row is moved by half a step, so that no column of the page stays free.
      const along = (column + (row % 2 === 0 ? 0 : 0.5)) * stepX;
      const slanting = after(after(scale(size), shift(along, row * stepY)), turn(ANGLE));
      const place = after(slanting, shift(width / 2, height / 2));
      const { x, y, width: wide, height: high } = boundsOf(whole, place);
      if (x > width || y > height || x + wide < 0 || y + high < 0) continue;
      page.pushOperators(
        pushGraphicsState(),
        concatTransformationMatrix(...place),
        drawObject(name),
        popGraphicsState(),
      );
    }
  }
}
