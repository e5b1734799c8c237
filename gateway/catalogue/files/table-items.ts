import { readCell } from './cells.ts';
import { type Column, ITEM_COLUMNS, MATERIAL_COLUMNS } from './columns.ts';
import { columnLetters, LOST_DIGITS, type Place, type PlacedProblem, type Sheet, SheetFault } from './sheet.ts';

/** Items as a table gives them: a document for `readItems`, and where each part of it stands. */
export interface TableItems {
  readonly document: { readonly items: readonly object[] };
  /** By JSON pointer of the document. */
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly PlacedProblem[];
  /** Names of sheets that are neither of items nor of materials. */
  readonly ignored: readonly string[];
}

interface Header {
  readonly sheet: Sheet;
  /** Index of the row of the header. */
  readonly at: number;
  /** By index of the cell. */
  readonly columns: ReadonlyMap<number, Column>;
}

/**
 * Reads items from a table with one row an item, and their materials from a column of it or from a second sheet with
 * one row a material.
 *
 * @throws SheetFault HEADER when no sheet has the columns of items
 */
export function tableItems(sheets: readonly Sheet[]): TableItems {
  const reading = new TableReading();
  const [main, ...others] = sheets.filter((sheet) => isTable(sheet, ITEM_COLUMNS, '事项名称', 'name', '材料名称'));
  if (!main)
    throw new SheetFault(
      'HEADER',
      '没有找到"事项编码"和"事项名称"两列 / no table has the columns 事项编码 and 事项名称',
    );
  const materials = sheets.filter(
    (sheet) => sheet !== main && isTable(sheet, MATERIAL_COLUMNS, '材料名称', 'original_to_be_checked'),
  );
  reading.items(main);
  for (const sheet of materials) reading.materials(sheet);
  const used = [main, ...materials];
  const ignored = [...others, ...sheets].filter((sheet) => !used.includes(sheet)).map(({ name = '' }) => name);
  return { ...reading.result(), ignored: [...new Set(ignored)] };
}

/** Whether the first row that says anything names the columns of such a table. */
function isTable({ rows }: Sheet, columns: readonly Column[], zh: string, member: string, not?: string): boolean {
  const names = rows[headerRow(rows)]?.map(columnName) ?? [];
  const has = (column: Column) => names.includes(column.zh) || names.includes(column.member);
  return has(columns[0]!) && (names.includes(zh) || names.includes(member)) && !(not && names.includes(not));
}

function headerRow(rows: Sheet['rows']): number {
  return rows.findIndex((row) => row.some((cell) => cell.trim() !== ''));
}

/** Without the remarks that people add: 承诺办结时限(工作日)*. */
function columnName(cell: string): string {
  return cell.replaceAll(/[(（][^)）]*[)）]|[*＊\s]/gu, '');
}

class TableReading {
  readonly #items: Record<string, unknown>[] = [];
  readonly #byCode = new Map<string, number>();
  readonly #places = new Map<string, Place>();
  readonly #problems: PlacedProblem[] = [];

  items(sheet: Sheet): void {
    const header = this.#header(sheet, ITEM_COLUMNS);
    for (const [row, cells] of this.#rows(header)) {
      const pointer = `/items/${this.#items.length}`;
      const item: Record<string, unknown> = { materials: [] };
      this.#places.set(pointer, placeOf(sheet, row));
      this.#read(header, row, cells, pointer, item);
      if (typeof item.code === 'string' && !this.#byCode.has(item.code))
        this.#byCode.set(item.code, this.#items.length);
      this.#items.push(item);
    }
  }

  materials(sheet: Sheet): void {
    const header = this.#header(sheet, MATERIAL_COLUMNS);
    for (const [row, cells] of this.#rows(header)) {
      const read: Record<string, unknown> = {};
      this.#read(header, row, cells, undefined, read);
      const { item: code, ...material } = read;
      const index = this.#byCode.get(String(code));
      if (index === undefined) {
        const column = [...header.columns].find(([, { member }]) => member === 'item')?.[0];
        this.#wrong('ITEM_UNKNOWN', `no row of the items has the code ${code ?? ''}`, placeOf(sheet, row, column));
        continue;
      }
      const materials = this.#items[index]!.materials as object[];
      const pointer = `/items/${index}/materials/${materials.length}`;
      this.#places.set(pointer, placeOf(sheet, row));
      for (const [at, { member }] of header.columns) this.#places.set(`${pointer}/${member}`, placeOf(sheet, row, at));
      materials.push({ original_to_be_checked: false, may_follow_later: false, ...material });
    }
  }

  result(): Omit<TableItems, 'ignored'> {
    return { document: { items: this.#items }, places: this.#places, problems: this.#problems };
  }

  /** What the columns mean; one that means nothing here is a fault, so that nothing is lost unseen. */
  #header(sheet: Sheet, columns: readonly Column[]): Header {
    this.#problems.push(...sheet.faults);
    const at = headerRow(sheet.rows);
    const found = new Map<number, Column>();
    for (const [index, cell] of sheet.rows[at]!.entries()) {
      const name = columnName(cell);
      if (name === '') continue;
      const column = columns.find(({ zh, member }) => zh === name || member === name);
      if (!column) this.#wrong('UNKNOWN_FIELD', `no such column: ${name}`, placeOf(sheet, at, index));
      else if ([...found.values()].includes(column))
        this.#wrong('DUPLICATE', `the column ${name} is there twice`, placeOf(sheet, at, index));
      else found.set(index, column);
    }
    for (const column of columns)
      if (column.isRequired && ![...found.values()].includes(column))
        this.#wrong('REQUIRED', `the column ${column.zh} (${column.member}) is missing`, placeOf(sheet, at));
    return { sheet, at, columns: found };
  }

  /** Rows under the header that say anything. */
  #rows({ sheet, at }: Header): [number, readonly string[]][] {
    return [...sheet.rows.entries()].filter(([row, cells]) => row > at && cells.some((cell) => cell.trim() !== ''));
  }

  #read(
    { sheet, columns }: Header,
    row: number,
    cells: readonly string[],
    pointer: string | undefined,
    into: Record<string, unknown>,
  ): void {
    for (const [index, cell] of cells.entries())
      if (!columns.has(index) && cell.trim() !== '')
        this.#wrong('UNKNOWN_FIELD', 'stands under no column', placeOf(sheet, row, index));
    for (const [index, column] of columns) {
      const cell = cells[index] ?? '';
      const place = placeOf(sheet, row, index);
      if (pointer !== undefined) this.#places.set(`${pointer}/${column.member}`, place);
      if (/^\d(?:\.\d+)?E\+\d{1,3}$/i.test(cell.trim())) {
        this.#wrong('NUMBER', LOST_DIGITS, place);
        continue;
      }
      const value = readCell(column, cell);
      if (value !== undefined) into[column.member] = value;
    }
  }

  #wrong(code: string, message: string, place: Place): void {
    this.#problems.push({ pointer: '', code, message, place });
  }
}

/** @param row and column from 0 */
function placeOf({ name }: Sheet, row: number, column?: number): Place {
  return {
    ...(name !== undefined && { sheet: name }),
    row: row + 1,
    ...(column !== undefined && { column: columnLetters(column) }),
  };
}
