import { PDFArray, PDFDict, type PDFDocument, PDFName, PDFNumber, type PDFObject } from 'pdf-lib';
import { refused } from './fault.ts';
import { COPY_LIMITS } from './limits.ts';
import type { Box } from './matrix.ts';

/** A page with what it inherits (ISO 32000-1, 7.7.3.4). */
export interface SourcePage {
  readonly node: PDFDict;
  readonly resources: PDFObject | undefined;
  /** What is shown of it, in its own coordinates. */
  readonly box: Box;
  /** Quarters of a turn with the clock. */
  readonly quarters: 0 | 1 | 2 | 3;
}

type Inherited = Readonly<Partial<Record<'Resources' | 'MediaBox' | 'CropBox' | 'Rotate', PDFObject>>>;

const INHERITABLE = ['Resources', 'MediaBox', 'CropBox', 'Rotate'] as const;

/**
 * The pages in their order. The library's own walk has no bound, and a tree may name a branch again and again.
 *
 * @throws CodedError WATERMARK_REFUSED
 */
export function pagesOf(document: PDFDocument): SourcePage[] {
  const pages: SourcePage[] = [];
  const walk = (node: PDFDict, inherited: Inherited, depth: number): void => {
    if (depth > COPY_LIMITS.treeDepth) throw refused('the tree of its pages is too deep');
    const own = inherit(node, inherited);
    const kids = node.lookup(PDFName.of('Kids'));
    if (!(kids instanceof PDFArray)) {
      if (pages.length >= COPY_LIMITS.pages) throw refused(`it has more than ${COPY_LIMITS.pages} pages`);
      pages.push(pageOf(node, own));
      return;
    }
    if (kids.size() > COPY_LIMITS.pages) throw refused(`it has more than ${COPY_LIMITS.pages} pages`);
    for (let index = 0; index < kids.size(); index += 1) walk(kids.lookup(index, PDFDict), own, depth + 1);
  };
  walk(document.catalog.lookup(PDFName.of('Pages'), PDFDict), {}, 0);
  if (pages.length === 0) throw refused('it has no pages');
  return pages;
}

function inherit(node: PDFDict, inherited: Inherited): Inherited {
  const own: Partial<Record<keyof Inherited, PDFObject>> = { ...inherited };
  for (const name of INHERITABLE) {
    const value = node.get(PDFName.of(name));
    if (value !== undefined) own[name] = value;
  }
  return own;
}

function pageOf(node: PDFDict, { Resources, MediaBox, CropBox, Rotate }: Inherited): SourcePage {
  const media = rectangleOf(node.context.lookup(MediaBox));
  if (!media) throw refused('a page has no size');
  const box = within(rectangleOf(node.context.lookup(CropBox)), media);
  const { min, max } = COPY_LIMITS.sidePoints;
  const unit = numberAt(node, 'UserUnit') ?? 1;
  for (const side of [box.width * unit, box.height * unit])
    if (!(side >= min && side <= max)) throw refused(`a page is not between ${min} and ${max} points long and wide`);
  const rotate = node.context.lookup(Rotate);
  const turns = Math.round((rotate instanceof PDFNumber ? rotate.asNumber() : 0) / 90);
  return { node, resources: Resources, box, quarters: (((turns % 4) + 4) % 4) as SourcePage['quarters'] };
}

/** The part of a page that is shown; the whole when nothing of it would be. */
function within(crop: Box | undefined, media: Box): Box {
  if (!crop) return media;
  const [left, bottom] = [Math.max(crop.x, media.x), Math.max(crop.y, media.y)];
  const width = Math.min(crop.x + crop.width, media.x + media.width) - left;
  const height = Math.min(crop.y + crop.height, media.y + media.height) - bottom;
  return width > 0 && height > 0 ? { x: left, y: bottom, width, height } : media;
}

/** A rectangle (ISO 32000-1, 7.9.5): any two opposite corners. */
export function rectangleOf(value: PDFObject | undefined): Box | undefined {
  if (!(value instanceof PDFArray) || value.size() !== 4) return undefined;
  const numbers = [0, 1, 2, 3].map((index) => value.lookup(index));
  if (!numbers.every((number) => number instanceof PDFNumber)) return undefined;
  const [x1, y1, x2, y2] = numbers.map((number) => number.asNumber()) as [number, number, number, number];
  return { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
}

/** A number of a dictionary. */
export function numberAt(dictionary: PDFDict, name: string): number | undefined {
  const value = dictionary.lookup(PDFName.of(name));
  return value instanceof PDFNumber ? value.asNumber() : undefined;
}
