import { CodedError } from '#proto';
import { itemProblems } from '../item-document.ts';
import { readCsv } from './csv.ts';
import { type Place, type PlacedProblem, SHEET_LIMITS, SheetFault, textOfFile } from './sheet.ts';
import { readStructured } from './structured.ts';
import { tableItems } from './table-items.ts';
import { readXlsx } from './xlsx.ts';

export type ItemFormat = 'json' | 'yaml' | 'csv' | 'xlsx';

/** A file of items as it was read. */
export interface ItemFile {
  readonly format: ItemFormat;
  /** As `readItems` takes it; only where nothing is wrong. */
  readonly document: unknown;
  /** Everything that is wrong, in the order of the file. */
  readonly problems: readonly PlacedProblem[];
  /** Sheets of a workbook that hold neither items nor materials. */
  readonly ignored: readonly string[];
}

/** What every reader makes of its bytes. */
interface Parsed {
  readonly document: unknown;
  readonly placeOf: (pointer: string) => Place | undefined;
  readonly problems: readonly PlacedProblem[];
  readonly ignored?: readonly string[];
  /** Names of the sheets in their order. */
  readonly sheets?: readonly string[];
}

/**
 * Reads a file of items (事项) in JSON, YAML, CSV or XLSX, by its content and the end of its name, and holds every item
 * against its rules. docs/items.md describes the forms.
 *
 * @param name of the file; empty for the standard input
 * @throws CodedError VALIDATION_FAILED when the file is too large
 */
export function readItemFile(bytes: Buffer, name: string): ItemFile {
  if (bytes.length > SHEET_LIMITS.fileBytes)
    throw new CodedError('VALIDATION_FAILED', `${name} is larger than ${SHEET_LIMITS.fileBytes} bytes`);
  const format = formatOf(bytes, name);
  try {
    const { document, placeOf, problems, ignored = [], sheets = [] } = PARSERS[format](bytes);
    const taken = new Set(problems.map(({ place }) => JSON.stringify(place)));
    const judged = itemProblems(document)
      .map((problem) => ({ ...problem, ...placed(placeOf(problem.pointer)) }))
      // What could not be read is no second fault for being empty.
      .filter(({ place }) => !taken.has(JSON.stringify(place)));
    return { format, document, problems: [...problems, ...judged].sort(byPlace(sheets)), ignored };
  } catch (error) {
    if (!(error instanceof SheetFault)) throw error;
    const { code, message, place } = error;
    return { format, document: undefined, problems: [{ pointer: '', code, message, ...placed(place) }], ignored: [] };
  }
}

const PARSERS: Readonly<Record<ItemFormat, (bytes: Buffer) => Parsed>> = {
  json: (bytes) => readStructured(textOfFile(bytes), 'json'),
  yaml: (bytes) => readStructured(textOfFile(bytes), 'yaml'),
  csv: (bytes) => located(tableItems([readCsv(bytes)])),
  xlsx: (bytes) => {
    const sheets = readXlsx(bytes);
    return { ...located(tableItems(sheets)), sheets: sheets.map(({ name = '' }) => name) };
  },
};

const ENDINGS: Readonly<Record<string, ItemFormat>> = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
};

function formatOf(bytes: Buffer, name: string): ItemFormat {
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') return 'xlsx';
  if (bytes.subarray(0, 4).toString('hex') === 'd0cf11e0')
    throw new CodedError(
      'VALIDATION_FAILED',
      `${name} is an old or a protected workbook; save it as .xlsx without a password`,
    );
  const ending = ENDINGS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''];
  if (ending) return ending;
  const [head = ''] = textHead(bytes).trimStart().split('\n', 1);
  if (/^[{[]/.test(head)) return 'json';
  return /[,\t]/.test(head) ? 'csv' : 'yaml';
}

function textHead(bytes: Buffer): string {
  return new TextDecoder('utf-8').decode(bytes.subarray(0, 1000));
}

/** Where a pointer stands: the cell, or the row of the nearest part around it. */
function located({ document, places, problems, ignored }: ReturnType<typeof tableItems>): Parsed {
  const placeOf = (pointer: string): Place | undefined => {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const place = places.get(at);
      if (place) return place;
    }
    return undefined;
  };
  return { document, placeOf, problems, ignored };
}

function placed(place: Place | undefined): { place?: Place } {
  return place ? { place } : {};
}

/** Sheet by sheet, row by row, cells from left to right. */
function byPlace(sheets: readonly string[]): (a: PlacedProblem, b: PlacedProblem) => number {
  return ({ place: a }, { place: b }) => {
    const [left = '', right = ''] = [a?.column, b?.column];
    return (
      sheets.indexOf(a?.sheet ?? '') - sheets.indexOf(b?.sheet ?? '') ||
      (a?.row ?? 0) - (b?.row ?? 0) ||
      left.length - right.length ||
      (left < right ? -1 : left > right ? 1 : 0)
    );
  };
}
