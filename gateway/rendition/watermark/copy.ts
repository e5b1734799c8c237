import {
  concatTransformationMatrix,
  drawObject,
  PDFDocument,
  type PDFFont,
  popGraphicsState,
  pushGraphicsState,
  rgb,
} from 'pdf-lib';
import type { RenditionFont } from '../font.ts';
import { drawable, wrap } from '../text.ts';
import { leafOfJpeg, leafOfPng } from './image-leaf.ts';
import { kindOf } from './kind.ts';
import type { Leaf } from './leaf.ts';
import { drawMark, type Mark, makeMark } from './mark.ts';
import { after, scale, shift } from './matrix.ts';
import { leavesOfPdf } from './pdf-leaves.ts';
import type { CopyWords } from './words.ts';

/** A copy for reading. */
export interface Copy {
  readonly pdf: Uint8Array;
  /** Characters that the font cannot show, each once: they are drawn as their code points. */
  readonly missing: readonly string[];
}

/** Foot of a page: size of its text as a part of the shorter side, lines apart, room around. */
const FOOT = { part: 1 / 85, line: 1.4, margin: 1.2 } as const;
const FOOT_COLOUR = rgb(0.25, 0.25, 0.25);

/**
 * Makes the copy for reading (材料水印件) of a material: a PDF whose every page carries the mark. Its size is that of the
 * original; what was on a page is drawn a little smaller, so that the foot hides nothing. The same file and the same
 * words give the same bytes.
 *
 * @throws CodedError WATERMARK_UNSUPPORTED for files other than PDF, JPEG and PNG and for encrypted ones,
 *   WATERMARK_REFUSED for what is malformed or too much
 */
export async function makeCopy(bytes: Buffer, words: CopyWords, font: RenditionFont): Promise<Copy> {
  const copy = await PDFDocument.create({ updateMetadata: false });
  const leaves = await leavesOf(bytes, copy);
  const embedded = await font.embed(copy);
  const shown = (lines: readonly string[]) => lines.map((line) => drawable(line, font));
  const [marked, foot] = [shown(words.mark), shown(isSealed(bytes) ? [...words.foot, words.sealed] : words.foot)];
  const mark = makeMark(marked.map(textOf), embedded, copy);
  for (const leaf of leaves) drawLeaf(leaf, foot.map(textOf), mark, embedded, copy);
  copy.setTitle(words.title, { showInWindowTitleBar: true });
  copy.setProducer('Tongban 通办');
  copy.setLanguage('zh-CN');
  const pdf = await copy.save({ addDefaultPage: false, updateFieldAppearances: false });
  return { pdf, missing: [...new Set([...marked, ...foot].flatMap(({ missing }) => missing))] };
}

async function leavesOf(bytes: Buffer, copy: PDFDocument): Promise<readonly Leaf[]> {
  switch (kindOf(bytes)) {
    case 'pdf':
      return leavesOfPdf(bytes, copy);
    case 'jpeg':
      return [leafOfJpeg(bytes, copy)];
    case 'png':
      return [await leafOfPng(bytes, copy)];
  }
}

/** Whether a PDF was signed: the byte range of a signature stands in it as it is (ISO 32000-1, 12.8.1). */
function isSealed(bytes: Buffer): boolean {
  return bytes.includes('/ByteRange');
}

function drawLeaf(leaf: Leaf, foot: readonly string[], mark: Mark, font: PDFFont, copy: PDFDocument): void {
  const { width, height } = leaf;
  const page = copy.addPage([width, height]);
  const size = Math.min(width, height) * FOOT.part;
  const margin = FOOT.margin * size;
  const lines = foot.flatMap((line) => {
    return wrap(line, (width - 2 * margin) / size, (character) => font.widthOfTextAtSize(character, 1));
  });
  const room = lines.length * FOOT.line * size + 2 * margin;
  const smaller = (height - room) / height;
  const fit = after(scale(smaller), shift((width * (1 - smaller)) / 2, room));
  page.pushOperators(
    pushGraphicsState(),
    concatTransformationMatrix(...after(leaf.place, fit)),
    drawObject(page.node.newXObject('Leaf', leaf.content)),
    popGraphicsState(),
  );
  for (const [index, line] of lines.entries()) {
    const y = room - margin - (index + 1) * FOOT.line * size + 0.3 * size;
    page.drawText(line, { x: margin, y, size, font, color: FOOT_COLOUR });
  }
  drawMark(page, mark);
}

function textOf({ text }: { readonly text: string }): string {
  return text;
}
