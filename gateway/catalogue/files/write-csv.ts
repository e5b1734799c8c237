import type { messages } from '#proto';
import { writeItem } from '../item-document.ts';
import { writeCell } from './cells.ts';
import { ITEM_COLUMNS } from './columns.ts';

/** Bytes by which Excel knows UTF-8. */
const BOM = '\ufeff';

/** Items as a table that spreadsheets open and `readItemFile` reads again, one row an item. */
export function itemsCsv(items: readonly messages.Item[]): string {
  const rows = items.map((item) => {
    const written = writeItem(item) as Readonly<Record<string, unknown>>;
    return ITEM_COLUMNS.map((column) => writeCell(column, written[column.member]));
  });
  return csvText([ITEM_COLUMNS.map(({ zh }) => zh), ...rows]);
}

/** Comma-separated values (RFC 4180) in UTF-8 with a byte order mark. */
export function csvText(rows: readonly (readonly string[])[]): string {
  return BOM + rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/**
 * A spreadsheet runs a cell that begins like a formula, and loses digits of a long number; behind a tab both are text.
 * What a peer published is written like everything else.
 */
function csvCell(text: string): string {
  const safe = /^[=+\-@]/.test(text) || /^\d{11,}$/.test(text) ? `\t${text}` : text;
  return /[",\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
