import { type Color, degrees, type PDFDocument, type PDFFont, type PDFPage, rgb } from 'pdf-lib';
import { CodedError } from '#proto';
import type { RenditionFont } from './font.ts';
import { drawable, wrap } from './text.ts';

/** A4 and its margins, in points of 1/72 inch. */
export const PAGE = { width: 595.28, height: 841.89, side: 60, top: 64, bottom: 96 } as const;
/** Pages of one rendition: more than any certificate that is meant to be read. */
const MAX_PAGES = 100;
const LINE_HEIGHT = 1.5;
const FOOT_SIZE = 7.5;
/** Across every page: it is no original. */
const MARK = '电子证照打印件';

export const BLACK = rgb(0, 0, 0);
export const GREY = rgb(0.4, 0.4, 0.4);
const PALE = rgb(0.93, 0.93, 0.93);

/** How a text is drawn; sizes in points. */
export interface TextStyle {
  readonly size: number;
  readonly color?: Color;
  readonly align?: 'left' | 'centre' | 'right';
  /** Height of a line by its size; {@link LINE_HEIGHT} unless told. */
  readonly leading?: number;
}

/** How pages look: margins in points, and what stands across every page. */
export interface SheetLook {
  readonly side: number;
  readonly top: number;
  readonly bottom: number;
  /** Nothing when it is empty. */
  readonly mark: string;
}

const CERTIFICATE_LOOK: SheetLook = { ...PAGE, mark: MARK };

/** Pages that are filled from the top to the bottom; a new one begins when one is full. */
export class Sheet {
  readonly #document: PDFDocument;
  readonly #font: PDFFont;
  readonly #covers: Pick<RenditionFont, 'covers'>;
  readonly #look: SheetLook;
  readonly #widths = new Map<string, number>();
  readonly #missing = new Set<string>();
  readonly #pages: PDFPage[] = [];
  /** Distance of what is drawn next from the bottom of the page. */
  #y = 0;

  constructor(
    document: PDFDocument,
    font: PDFFont,
    covers: Pick<RenditionFont, 'covers'>,
    look: SheetLook = CERTIFICATE_LOOK,
  ) {
    this.#document = document;
    this.#font = font;
    this.#covers = covers;
    this.#look = look;
    this.turn();
  }

  get page(): PDFPage {
    return this.#pages.at(-1)!;
  }

  get y(): number {
    return this.#y;
  }

  /** Characters that the font could not show so far, each once. */
  get missing(): string[] {
    return [...this.#missing];
  }

  /** Leaves room. */
  skip(height: number): void {
    this.#y -= height;
  }

  /** Whether this much is left on the page. */
  hasRoom(height: number): boolean {
    return this.#y - height >= this.#look.bottom;
  }

  /** Begins a new page unless this much is left on this one. */
  demand(height: number): void {
    if (!this.hasRoom(height)) this.turn();
  }

  /** A paragraph over the whole width. */
  paragraph(text: string, style: TextStyle): void {
    const { side } = this.#look;
    for (const line of this.lines(text, PAGE.width - 2 * side, style.size)) {
      this.demand(heightOfLine(style));
      const room = PAGE.width - 2 * side - this.widthOf(line, style.size);
      const left = side + (style.align === 'centre' ? room / 2 : style.align === 'right' ? room : 0);
      this.#y -= heightOfLine(style);
      this.write(line, left, this.#y, style);
    }
  }

  /** A label and beside it a text of any length. */
  row(label: string, text: string, labelWidth: number, { size }: TextStyle): void {
    const { side } = this.#look;
    const labels = this.lines(label, labelWidth - size, size);
    const lines = this.lines(text, PAGE.width - 2 * side - labelWidth, size);
    for (let index = 0; index < Math.max(labels.length, lines.length); index += 1) {
      this.demand(size * LINE_HEIGHT);
      this.#y -= size * LINE_HEIGHT;
      this.write(labels[index] ?? '', side, this.#y, { size, color: GREY });
      this.write(lines[index] ?? '', side + labelWidth, this.#y, { size });
    }
    this.#y -= size * 0.4;
  }

  /** Text in a column of its own, from a height downwards. */
  column(text: string, left: number, top: number, width: number, style: TextStyle): void {
    for (const [index, line] of this.lines(text, width, style.size).entries())
      this.write(line, left, top - (index + 1) * heightOfLine(style), style);
  }

  /** A text as the lines that it takes in a width. */
  lines(text: string, width: number, size: number): string[] {
    return wrap(this.drawable(text), width, (character) => this.widthOf(character, size));
  }

  /** How high a column is. */
  heightOf(text: string, width: number, style: TextStyle): number {
    return this.lines(text, width, style.size).length * heightOfLine(style);
  }

  /** One line at a place, turned around it if wanted. @param turn degrees, against the clock */
  write(text: string, x: number, y: number, { size, color = BLACK }: TextStyle, turn = 0): void {
    if (text !== '') this.page.drawText(text, { x, y, size, color, font: this.#font, rotate: degrees(turn) });
  }

  /** Text as the font can show it; what it cannot is remembered. */
  drawable(text: string): string {
    const { text: shown, missing } = drawable(text, this.#covers);
    for (const character of missing) this.#missing.add(character);
    return shown;
  }

  /** Writes on every page what only now is known: the lines at its foot and how many pages there are. */
  finish(foot: readonly string[]): void {
    for (const [index, page] of this.#pages.entries()) {
      const { side, bottom } = this.#look;
      const lines = foot.flatMap((text) => this.lines(text, PAGE.width - 2 * side, FOOT_SIZE));
      const all = [...lines, `第 ${index + 1} 页 共 ${this.#pages.length} 页`];
      for (const [line, text] of all.entries()) {
        const y = bottom - 24 - line * FOOT_SIZE * LINE_HEIGHT;
        page.drawText(text, { x: side, y, size: FOOT_SIZE, color: GREY, font: this.#font });
      }
    }
  }

  /** Begins a new page. @throws CodedError RENDITION_UNSUPPORTED after as many as one rendition may have */
  turn(): void {
    if (this.#pages.length >= MAX_PAGES)
      throw new CodedError('RENDITION_UNSUPPORTED', `it does not fit on ${MAX_PAGES} pages`);
    const page = this.#document.addPage([PAGE.width, PAGE.height]);
    this.#pages.push(page);
    this.#y = PAGE.height - this.#look.top;
    this.#mark(56);
  }

  #mark(size: number): void {
    const { mark } = this.#look;
    const width = this.widthOf(mark, size);
    const [x, y] = [(PAGE.width - 0.7 * width) / 2, PAGE.height / 2 - 0.35 * width];
    this.write(mark, x, y, { size, color: PALE }, 45);
  }

  /** How wide a line is. */
  widthOf(text: string, size: number): number {
    let sum = 0;
    for (const character of text) {
      const width = this.#widths.get(character) ?? this.#font.widthOfTextAtSize(character, 1);
      this.#widths.set(character, width);
      sum += width;
    }
    return sum * size;
  }
}

function heightOfLine({ size, leading = LINE_HEIGHT }: TextStyle): number {
  return size * leading;
}
