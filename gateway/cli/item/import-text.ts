import type { Place, PlacedProblem } from '../../catalogue/files/sheet.ts';
import { table } from '../format.ts';

/** What became, or would become, of one item. */
export interface ImportedItem {
  readonly code: string;
  readonly name: string;
  readonly change: 'added' | 'changed' | 'unchanged';
  readonly fields: readonly string[];
}

const CHANGES = { added: '新增 added', changed: '变更 changed', unchanged: '不变 unchanged' } as const;

/** Every fault of a file, a row each. */
export function faultTable(problems: readonly PlacedProblem[]): string {
  const rows = problems.map(({ place, pointer, code, message }) => [
    place?.sheet ?? '',
    place?.row ?? '',
    place?.column ?? '',
    code,
    place ? message : `${pointer} ${message}`,
  ]);
  return table(['表 Sheet', '行 Row', '列 Column', '代码 Code', '问题 Problem'], rows, '没有问题 / nothing is wrong');
}

/** Where a fault stands, in one word: 事项!B3, or line 3:17. */
export function placeText({ sheet, row, column = '' }: Place): string {
  const isLetters = /^[A-Z]+$/.test(column);
  const at = isLetters ? `${column}${row}` : column === '' ? String(row) : `${row}:${column}`;
  return sheet === undefined ? at : `${sheet}!${at}`;
}

/** What became of each item; those that stay as they are are only counted. */
export function changeTable(items: readonly ImportedItem[]): string {
  const moved = items.filter(({ change }) => change !== 'unchanged');
  const rows = moved.map(({ code, name, change, fields }) => [code, name, CHANGES[change], fields.join(', ')]);
  const headers = ['代码 Code', '名称 Name', '变化 Change', '字段 Fields'];
  const same = items.length - moved.length;
  return `${table(headers, rows, '没有变化 / nothing changes')}不变 / unchanged: ${same}\n`;
}
