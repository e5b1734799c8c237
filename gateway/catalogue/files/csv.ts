import { columnLetters, SHEET_LIMITS, type Sheet, SheetFault, textOfFile } from './sheet.ts';

/**
 * Reads comma- or tab-separated values (RFC 4180), in UTF-8 or GB 18030.
 *
 * @throws SheetFault ENCODING, QUOTE, TOO_MANY, TOO_LONG
 */
export function readCsv(bytes: Uint8Array): Sheet {
  const text = textOfFile(bytes);
  const [head = ''] = text.split('\n', 1);
  const separator = head.includes('\t') && !head.includes(',') ? '\t' : ',';
  return { rows: new CsvReader(text, separator).read(), faults: [] };
}

class CsvReader {
  readonly #text: string;
  readonly #separator: string;
  readonly #rows: string[][] = [];
  #row: string[] = [];
  #at = 0;

  constructor(text: string, separator: string) {
    this.#text = text;
    this.#separator = separator;
  }

  read(): string[][] {
    while (this.#at < this.#text.length) this.#cell();
    if (this.#row.length > 0) this.#endRow();
    return this.#rows;
  }

  /** One cell and what ends it. */
  #cell(): void {
    const quoted = this.#text[this.#at] === '"';
    this.#add(quoted ? this.#quoted() : this.#plain());
    const end = this.#text[this.#at];
    this.#at += 1;
    if (end === this.#separator) {
      // Nothing after the last separator is an empty cell.
      if (this.#at === this.#text.length) this.#add('');
      return;
    }
    if (end === '\r' && this.#text[this.#at] === '\n') this.#at += 1;
    if (end === undefined || end === '\n' || end === '\r') this.#endRow();
    else throw this.#fault('QUOTE', 'text stands behind the closing quote');
  }

  #plain(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !`${this.#separator}\r\n`.includes(this.#text[this.#at]!)) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    let value = '';
    for (let from = this.#at + 1; ; from = this.#at + 1) {
      const end = this.#text.indexOf('"', from);
      if (end < 0) throw this.#fault('QUOTE', 'the quote does not close');
      value += this.#text.slice(from, end);
      this.#at = end + 1;
      if (this.#text[this.#at] !== '"') return value;
      value += '"';
    }
  }

  #add(cell: string): void {
    if (this.#row.length >= SHEET_LIMITS.columns)
      throw this.#fault('TOO_MANY', `more than ${SHEET_LIMITS.columns} columns`);
    if (cell.length > SHEET_LIMITS.cell) throw this.#fault('TOO_LONG', `more than ${SHEET_LIMITS.cell} characters`);
    this.#row.push(cell);
  }

  #endRow(): void {
    if (this.#rows.length >= SHEET_LIMITS.rows) throw this.#fault('TOO_MANY', `more than ${SHEET_LIMITS.rows} rows`);
    this.#rows.push(this.#row);
    this.#row = [];
  }

  #fault(code: string, message: string): SheetFault {
    return new SheetFault(code, message, { row: this.#rows.length + 1, column: columnLetters(this.#row.length) });
  }
}
