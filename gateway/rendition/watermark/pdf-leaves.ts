import { deflateSync, inflateSync, constants as zlib } from 'node:zlib';
import {
  concatTransformationMatrix,
  drawObject,
  PDFArray,
  PDFDict,
  PDFDocument,
  PDFName,
  PDFObjectCopier,
  PDFRawStream,
  type PDFRef,
  type PDFStream,
  popGraphicsState,
  pushGraphicsState,
} from 'pdf-lib';
import { CodedError } from '#proto';
import { type Appearance, appearancesOn } from './annotations.ts';
import { refused, unsupported } from './fault.ts';
import type { Leaf } from './leaf.ts';
import { COPY_LIMITS } from './limits.ts';
import { after, type Matrix, scale, shift } from './matrix.ts';
import { numberAt, pagesOf, type SourcePage } from './page-tree.ts';

/** What shows which layers of a document are visible. */
const LAYERS = PDFName.of('OCProperties');

/**
 * Takes the pages of a PDF over as pictures of themselves: what is drawn on them, seals and the values of fields
 * included. Scripts, forms, attachments, links, signatures and older revisions stay behind.
 *
 * @throws CodedError WATERMARK_UNSUPPORTED when it is encrypted, WATERMARK_REFUSED
 */
export async function leavesOfPdf(bytes: Uint8Array, copy: PDFDocument): Promise<Leaf[]> {
  const source = await open(bytes);
  try {
    const copier = PDFObjectCopier.for(source.context, copy.context);
    const layers = source.catalog.lookup(LAYERS);
    if (layers instanceof PDFDict) copy.catalog.set(LAYERS, copier.copy(layers));
    return pagesOf(source).map((page) => leafOf(page, copier, copy));
  } catch (error) {
    throw error instanceof CodedError ? error : refused('a page of the PDF cannot be read', error);
  }
}

async function open(bytes: Uint8Array): Promise<PDFDocument> {
  const source = await PDFDocument.load(bytes, { updateMetadata: false, ignoreEncryption: true }).catch((error) => {
    throw refused('the PDF cannot be read', error);
  });
  if (source.isEncrypted) throw unsupported('the PDF is encrypted');
  return source;
}

function leafOf(page: SourcePage, copier: PDFObjectCopier, copy: PDFDocument): Leaf {
  const { box, quarters } = page;
  const unit = scale(numberAt(page.node, 'UserUnit') ?? 1);
  const upright = after(after(shift(-box.x, -box.y), turned(quarters, box)), unit);
  const [width, height] = quarters % 2 === 0 ? [box.width, box.height] : [box.height, box.width];
  const content = contentOf(page, copier, copy);
  const shown = appearancesOn(page.node);
  return {
    width: width * unit[0],
    height: height * unit[3],
    content: shown.length === 0 ? content : withAppearances(content, shown, page, copier, copy),
    place: upright,
  };
}

/** Turns a page with the clock, and back into the corner. */
function turned(quarters: SourcePage['quarters'], { width, height }: SourcePage['box']): Matrix {
  const turns: readonly Matrix[] = [
    [1, 0, 0, 1, 0, 0],
    [0, -1, 1, 0, 0, width],
    [-1, 0, 0, -1, width, height],
    [0, 1, -1, 0, height, 0],
  ];
  return turns[quarters]!;
}

/**
 * The content of a page as a form: whatever it does to the state of the drawing ends with it, so that nothing in it moves
 * the mark away, and nothing is drawn outside of what the page shows.
 */
function contentOf({ node, resources, box }: SourcePage, copier: PDFObjectCopier, copy: PDFDocument): PDFRef {
  const { context } = copy;
  const form = context.obj({ ...formOf(box), Resources: resources ? copier.copy(resources) : {} });
  const group = node.get(PDFName.of('Group'));
  if (group) form.set(PDFName.of('Group'), copier.copy(group));
  const streams = streamsOf(node);
  const [only, second] = streams;
  if (only && !second) {
    for (const name of ['Filter', 'DecodeParms']) {
      const value = only.dict.get(PDFName.of(name));
      if (value) form.set(PDFName.of(name), copier.copy(value));
    }
    return context.register(PDFRawStream.of(form, only.contents));
  }
  form.set(PDFName.of('Filter'), PDFName.of('FlateDecode'));
  return context.register(PDFRawStream.of(form, deflateSync(joined(streams))));
}

function formOf({ x, y, width, height }: SourcePage['box']) {
  return { Type: 'XObject', Subtype: 'Form', BBox: [x, y, x + width, y + height] };
}

function streamsOf(page: PDFDict): PDFRawStream[] {
  const contents = page.lookup(PDFName.of('Contents'));
  const list = contents instanceof PDFArray ? contents.asArray().map((_, index) => contents.lookup(index)) : [contents];
  if (list.length > COPY_LIMITS.contentStreams) throw refused('a page has too many streams');
  return list.filter((stream) => stream instanceof PDFRawStream);
}

/** The streams of a page as one: they may be cut between any two words (ISO 32000-1, 7.8.2). */
function joined(streams: readonly PDFRawStream[]): Buffer {
  let left: number = COPY_LIMITS.contentBytes;
  const parts = streams.flatMap((stream) => {
    const part = unpacked(stream, left);
    left -= part.length;
    if (left < 0) throw refused('a page unpacks to too much');
    return [part, Buffer.from('\n')];
  });
  return Buffer.concat(parts);
}

function unpacked({ dict, contents }: PDFRawStream, limit: number): Uint8Array {
  const filter = dict.lookup(PDFName.of('Filter'));
  const first = filter instanceof PDFArray && filter.size() === 1 ? filter.lookup(0) : filter;
  if (first === undefined || (first instanceof PDFArray && first.size() === 0)) return contents;
  if (first !== PDFName.of('FlateDecode') || dict.has(PDFName.of('DecodeParms')))
    throw unsupported('a page of the PDF is packed in a way that is not supported here');
  try {
    // Readers show what a stream that was cut off begins with.
    return inflateSync(contents, { maxOutputLength: Math.max(1, limit), finishFlush: zlib.Z_SYNC_FLUSH });
  } catch (error) {
    throw refused('a page unpacks to too much, or not at all', error);
  }
}

/** A form that draws the page and then what lies on it. */
function withAppearances(
  content: PDFRef,
  appearances: readonly Appearance[],
  { box }: SourcePage,
  copier: PDFObjectCopier,
  { context }: PDFDocument,
): PDFRef {
  const forms = appearances.map(({ form }) => context.register(asForm(copier.copy(form))));
  const names = Object.fromEntries([['Page', content], ...forms.map((form, index) => [`On${index}`, form] as const)]);
  const operators = appearances.flatMap(({ place }, index) => [
    pushGraphicsState(),
    concatTransformationMatrix(...place),
    drawObject(`On${index}`),
    popGraphicsState(),
  ]);
  const dictionary = { ...formOf(box), Resources: { XObject: names } };
  return context.register(context.formXObject([drawObject('Page'), ...operators], dictionary));
}

/** Some makers leave out what a form has to say of itself. */
function asForm(form: PDFStream): PDFStream {
  form.dict.set(PDFName.of('Subtype'), PDFName.of('Form'));
  return form;
}
