import type { PDFRef } from 'pdf-lib';
import type { Matrix } from './matrix.ts';

/** A page of the original, ready to be drawn upright on a page of the copy. */
export interface Leaf {
  /** Points, as a reader sees it: turned and cropped. */
  readonly width: number;
  readonly height: number;
  /** Form or picture in the document of the copy. */
  readonly content: PDFRef;
  /** From the coordinates of the content to those of the upright page, whose origin is at the bottom left. */
  readonly place: Matrix;
}
