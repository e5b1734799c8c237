import type { Problem } from '#proto';

/** Where something stands in a file. */
export interface Place {
  /** Name of the sheet, in a workbook. */
  readonly sheet?: string;
  /** Line, or row of the sheet, from 1. */
  readonly row: number;
  /** Letters of the column (A, B, ..., AA), or the number of the character in the line. */
  readonly column?: string;
}

/** Something wrong with a file, and where. */
export interface PlacedProblem extends Problem {
  readonly place?: Place;
}

/** A table as it stands in a file: rows of texts, empty cells are empty texts. */
export interface Sheet {
  readonly name?: string;
  /** The first is row 1 of the file. */
  readonly rows: readonly (readonly string[])[];
  /** Cells that cannot be read; they count as empty. */
  readonly faults: readonly PlacedProblem[];
}

/** A file that can be read no further. */
export class SheetFault extends Error {
  readonly code: string;
  readonly place: Place | undefined;

  /** @param code as in {@link Problem} */
  constructor(code: string, message: string, place?: Place) {
    super(message);
    this.code = code;
    this.place = place;
  }
}

/** Bounds of a table. */
export const SHEET_LIMITS = {
  /** Bytes of a file. */
  fileBytes: 16 * 1024 * 1024,
  /** Items and materials, one a row. */
  rows: 50_000,
  columns: 200,
  /** Characters of a cell: as many as a spreadsheet takes. */
  cell: 32_767,
  /** Cells that are named as unreadable. */
  faults: 1000,
} as const;

/** What happened to a cell that now holds 1.13708E+30. */
export const LOST_DIGITS =
  'the spreadsheet took a code for a number and lost its digits; format the column as text and enter it again';

/** Letters of a column, from 0: A, B, ..., Z, AA. */
export function columnLetters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnLetters(Math.floor(index / 26) - 1) + last;
}

/** Text of a file. Excel in China saves CSV as GB 18030, or as UTF-8 with a byte order mark. */
export function textOfFile(bytes: Uint8Array): string {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Told below when the last one fails too.
    }
  }
  throw new SheetFault('ENCODING', 'the file is neither UTF-8 nor GB 18030');
}
