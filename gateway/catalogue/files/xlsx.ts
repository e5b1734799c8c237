import {
  columnLetters,
  LOST_DIGITS,
  type Place,
  type PlacedProblem,
  SHEET_LIMITS,
  type Sheet,
  SheetFault,
} from './sheet.ts';
import { xmlTokens } from './xml.ts';
import { WorkbookFiles } from './zip.ts';

/** Numbers beyond this lose digits in a spreadsheet: a code of 31 digits is no longer one. */
const MAX_EXACT = 1e15;

/**
 * Reads the visible sheets of a workbook (.xlsx, ECMA-376), in their order: what the cells hold, without formats.
 *
 * @throws SheetFault ZIP, XML, TOO_LARGE, TOO_MANY, TOO_LONG; what is wrong with single cells is among the faults
 */
export function readXlsx(bytes: Buffer): Sheet[] {
  const files = new WorkbookFiles(bytes);
  const texts = sharedTexts(files.read('xl/sharedStrings.xml') ?? '');
  const targets = targetsOf(files.read('xl/_rels/workbook.xml.rels') ?? '');
  const sheets: Sheet[] = [];
  for (const token of xmlTokens(files.read('xl/workbook.xml') ?? '')) {
    if (token.kind !== 'start' || token.name !== 'sheet') continue;
    const { name = '', id = '', state = 'visible' } = token.attributes;
    const file = files.read(targets.get(id) ?? '');
    if (file !== undefined && state === 'visible') sheets.push(new SheetReader(name, texts).read(file));
  }
  if (sheets.length === 0) throw new SheetFault('ZIP', 'the file is no workbook with sheets');
  return sheets;
}

/** Files of the sheets by their relation. */
function targetsOf(xml: string): Map<string, string> {
  const targets = new Map<string, string>();
  for (const token of xmlTokens(xml)) {
    if (token.kind !== 'start' || token.name !== 'Relationship') continue;
    const { Id = '', Target = '' } = token.attributes;
    targets.set(Id, Target.startsWith('/') ? Target.slice(1) : `xl/${Target}`);
  }
  return targets;
}

/** Texts that cells name by their number. How a text is read aloud (`rPh`) is no part of it. */
function sharedTexts(xml: string): string[] {
  const texts: string[] = [];
  let text = '';
  let inText = false;
  let inReading = false;
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text') {
      if (inText && !inReading) text += token.text;
    } else if (token.name === 'rPh') inReading = token.kind === 'start' && !token.isEmpty;
    else if (token.name === 't') inText = token.kind === 'start' && !token.isEmpty;
    else if (token.name === 'si') {
      if (token.kind === 'end' || token.isEmpty) texts.push(plainText(text));
      text = '';
    }
  }
  return texts;
}

/** One pass over the cells of a sheet. */
class SheetReader {
  readonly #sheet: string;
  readonly #texts: readonly string[];
  readonly #rows: string[][] = [];
  readonly #faults: PlacedProblem[] = [];
  #row = -1;
  #column = -1;
  #type = '';
  #value = '';
  #inValue = false;
  #inReading = false;

  constructor(sheet: string, texts: readonly string[]) {
    this.#sheet = sheet;
    this.#texts = texts;
  }

  read(xml: string): Sheet {
    for (const token of xmlTokens(xml)) {
      if (token.kind === 'text') {
        if (this.#inValue && !this.#inReading) this.#value += token.text;
      } else if (token.name === 'row' && token.kind === 'start') this.#beginRow(token.attributes.r);
      else if (token.name === 'c' && token.kind === 'start') this.#beginCell(token.attributes);
      else if (token.name === 'c') this.#endCell();
      else if (token.name === 'rPh') this.#inReading = token.kind === 'start' && !token.isEmpty;
      else if (token.name === 'v' || token.name === 't') this.#inValue = token.kind === 'start' && !token.isEmpty;
    }
    return { name: this.#sheet, rows: this.#rows, faults: this.#faults };
  }

  #beginRow(number: string | undefined): void {
    this.#row = number === undefined ? this.#row + 1 : Number(number) - 1;
    this.#column = -1;
  }

  #beginCell({ r, t = 'n' }: Readonly<Record<string, string>>): void {
    this.#column = r === undefined ? this.#column + 1 : columnOf(r);
    this.#type = t;
    this.#value = '';
  }

  #endCell(): void {
    const text = this.#text();
    if (text === '') return;
    if (!(this.#row >= 0 && this.#row < SHEET_LIMITS.rows))
      throw this.#fault('TOO_MANY', `more than ${SHEET_LIMITS.rows} rows`);
    if (!(this.#column >= 0 && this.#column < SHEET_LIMITS.columns))
      throw this.#fault('TOO_MANY', `more than ${SHEET_LIMITS.columns} columns`);
    if (text.length > SHEET_LIMITS.cell) throw this.#fault('TOO_LONG', `more than ${SHEET_LIMITS.cell} characters`);
    while (this.#rows.length <= this.#row) this.#rows.push([]);
    const cells = this.#rows[this.#row]!;
    while (cells.length <= this.#column) cells.push('');
    cells[this.#column] = text;
  }

  #text(): string {
    const value = this.#value;
    if (this.#type === 's') return value === '' ? '' : (this.#texts[Number(value)] ?? '');
    if (this.#type === 'b') return value === '1' ? '是' : '否';
    if (this.#type === 'e') return this.#wrong('CELL_ERROR', `the cell shows the error ${value.slice(0, 20)}`);
    if (this.#type !== 'n' || value === '') return plainText(value);
    const number = Number(value);
    if (Number.isFinite(number) && Math.abs(number) < MAX_EXACT) return String(number);
    return this.#wrong('NUMBER', LOST_DIGITS);
  }

  /** Something is wrong with this cell; the others are read. */
  #wrong(code: string, message: string): string {
    if (this.#faults.length < SHEET_LIMITS.faults)
      this.#faults.push({ pointer: '', code, message, place: this.#place() });
    return '';
  }

  #fault(code: string, message: string): SheetFault {
    return new SheetFault(code, message, this.#place());
  }

  #place(): Place {
    return { sheet: this.#sheet, row: this.#row + 1, column: columnLetters(Math.max(0, this.#column)) };
  }
}

/** Column of a reference such as AB12, from 0. */
function columnOf(reference: string): number {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0] ?? '';
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** Characters that XML cannot hold are written `_x000D_`. */
function plainText(text: string): string {
  return text.replaceAll(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
