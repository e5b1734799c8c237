import { rgb } from 'pdf-lib';
import type { Sheet } from '../../../rendition/sheet.ts';
import type { Column } from '../wording/blocks.ts';

/** Where a table stands, in points. */
export interface TablePlace {
  readonly left: number;
  readonly width: number;
  /** Height of an empty page. */
  readonly room: number;
}

const BLACK = rgb(0, 0, 0);
const TEXT = { size: 11, leading: 1.4 } as const;
const GLOSS = { size: 8, leading: 1.4 } as const;
const PAD = 5;
const RULE = 0.6;

interface Cell {
  readonly left: number;
  readonly width: number;
}

/**
 * Draws a table with rules, over as many pages as it needs: its head is repeated on each, and a row that is higher than
 * what is left goes on with its lines on the next.
 */
export function drawTable(
  sheet: Sheet,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { left, width, room, gloss }: TablePlace & { readonly gloss: boolean },
): void {
  const whole = columns.reduce((sum, { share }) => sum + share, 0);
  let at = left;
  const cells = columns.map(({ share }): Cell => {
    const cell = { left: at, width: (width * share) / whole };
    at += cell.width;
    return cell;
  });
  const broken = rows.map((row) => row.map((text, index) => lines(cells[index]!, text, TEXT.size)));
  // The head does not stand alone at the foot of a page.
  sheet.demand(rowHeight(2) + (fitsPage(broken[0] ?? []) ? heightOf(broken[0] ?? []) : rowHeight(3)));
  let top = begin();
  for (const row of broken) drawRow(row);

  function fitsPage(row: readonly (readonly string[])[]): boolean {
    return heightOf(row) <= room - rowHeight(3);
  }

  function begin(): number {
    const from = sheet.y;
    line(from);
    const heading = columns.map(({ heading: { zh } }, index) => lines(cells[index]!, zh, TEXT.size));
    const english = gloss ? columns.map(({ heading: { en } }, index) => lines(cells[index]!, en, GLOSS.size)) : [];
    const zhHeight = most(heading) * TEXT.size * TEXT.leading;
    const height = zhHeight + most(english) * GLOSS.size * GLOSS.leading + 2 * PAD;
    for (const [index, cell] of cells.entries()) {
      write(cell, heading[index]!, from - PAD, TEXT);
      write(cell, english[index] ?? [], from - PAD - zhHeight, GLOSS);
    }
    sheet.skip(height);
    line(sheet.y);
    uprights(from, sheet.y);
    return sheet.y;
  }

  function drawRow(row: readonly (readonly string[])[]): void {
    let left = row;
    // A row that fits on a page is not torn.
    if (!sheet.hasRoom(heightOf(row)) && (fitsPage(row) || !sheet.hasRoom(rowHeight(3)))) turn();
    for (;;) {
      let fitting = most(left);
      while (fitting > 1 && !sheet.hasRoom(rowHeight(fitting))) fitting -= 1;
      for (const [index, cell] of cells.entries()) write(cell, left[index]!.slice(0, fitting), sheet.y - PAD, TEXT);
      sheet.skip(rowHeight(fitting));
      line(sheet.y);
      uprights(top, sheet.y);
      top = sheet.y;
      left = left.map((texts) => texts.slice(fitting));
      if (most(left) === 0) return;
      turn();
    }
  }

  /** The rest goes to the next page, below the head. */
  function turn(): void {
    sheet.turn();
    top = begin();
  }

  function lines(cell: Cell, text: string, size: number): string[] {
    return text === '' ? [] : sheet.lines(text, cell.width - 2 * PAD - size / 2, size);
  }

  function write(cell: Cell, texts: readonly string[], from: number, { size, leading }: typeof TEXT | typeof GLOSS) {
    for (const [index, text] of texts.entries())
      sheet.write(text, cell.left + PAD, from - index * size * leading - size, { size });
  }

  function line(y: number): void {
    const [start, end] = [left, left + width].map((x) => ({ x, y }));
    sheet.page.drawLine({ start: start!, end: end!, thickness: RULE, color: BLACK });
  }

  function uprights(from: number, to: number): void {
    for (const x of [...cells.map((cell) => cell.left), left + width])
      sheet.page.drawLine({ start: { x, y: from }, end: { x, y: to }, thickness: RULE, color: BLACK });
  }
}

function rowHeight(count: number): number {
  return count * TEXT.size * TEXT.leading + 2 * PAD;
}

function heightOf(row: readonly (readonly string[])[]): number {
  return rowHeight(most(row));
}

function most(texts: readonly (readonly string[])[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
