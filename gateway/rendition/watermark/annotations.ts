import { PDFArray, PDFDict, PDFName, PDFNumber, type PDFObject, PDFStream } from 'pdf-lib';
import { COPY_LIMITS } from './limits.ts';
import { after, boundsOf, type Matrix, scale, shift } from './matrix.ts';
import { numberAt, rectangleOf } from './page-tree.ts';

/** Something that lies on a page (ISO 32000-1, 12.5): a seal, the value of a field, a stamp. */
export interface Appearance {
  readonly form: PDFStream;
  /** Beyond the form's own matrix. */
  readonly place: Matrix;
}

/** Flags of annotations that nobody sees: Hidden, NoView. */
const UNSEEN = 0x02 | 0x20;

/** What the annotations of a page look like, from the lowest to the highest. */
export function appearancesOn(page: PDFDict): Appearance[] {
  const list = page.lookup(PDFName.of('Annots'));
  if (!(list instanceof PDFArray)) return [];
  const found: Appearance[] = [];
  for (let index = 0; index < Math.min(list.size(), COPY_LIMITS.annotations); index += 1) {
    const annotation = list.lookup(index);
    const appearance = annotation instanceof PDFDict ? appearanceOf(annotation) : undefined;
    if (appearance) found.push(appearance);
  }
  return found;
}

function appearanceOf(annotation: PDFDict): Appearance | undefined {
  if (((numberAt(annotation, 'F') ?? 0) & UNSEEN) !== 0) return undefined;
  if (annotation.lookup(PDFName.of('Subtype')) === PDFName.of('Popup')) return undefined;
  const rectangle = rectangleOf(annotation.lookup(PDFName.of('Rect')));
  const form = normalForm(annotation);
  const box = form && rectangleOf(form.dict.lookup(PDFName.of('BBox')));
  if (!form || !box || !rectangle) return undefined;
  // ISO 32000-1, algorithm 8.1: the form, as its own matrix leaves it, fills the rectangle.
  const shown = boundsOf(box, matrixOf(form.dict.lookup(PDFName.of('Matrix'))));
  if (shown.width === 0 || shown.height === 0) return undefined;
  const size = scale(rectangle.width / shown.width, rectangle.height / shown.height);
  return { form, place: after(after(shift(-shown.x, -shown.y), size), shift(rectangle.x, rectangle.y)) };
}

/** The normal appearance; of a box to be ticked the one that it is in. */
function normalForm(annotation: PDFDict): PDFStream | undefined {
  const appearances = annotation.lookup(PDFName.of('AP'));
  const normal = appearances instanceof PDFDict ? appearances.lookup(PDFName.of('N')) : undefined;
  if (normal instanceof PDFStream) return normal;
  const state = annotation.lookup(PDFName.of('AS'));
  const form = normal instanceof PDFDict && state instanceof PDFName ? normal.lookup(state) : undefined;
  return form instanceof PDFStream ? form : undefined;
}

function matrixOf(value: PDFObject | undefined): Matrix {
  if (!(value instanceof PDFArray) || value.size() !== 6) return shift(0, 0);
  const numbers = [0, 1, 2, 3, 4, 5].map((index) => value.lookup(index));
  if (!numbers.every((number) => number instanceof PDFNumber)) return shift(0, 0);
  return numbers.map((number) => number.asNumber()) as unknown as Matrix;
}
