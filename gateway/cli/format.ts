/** Text for people. Everything that may come from outside passes through `plain` before it reaches a terminal. */

const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const WIDE_PLANES = /[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** One line without control or direction marks, by which a peer's text could rewrite what the terminal shows. */
export function plain(value: unknown): string {
  if (value === undefined || value === null) return '';
  return String(value)
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/\p{Cc}|\p{Bidi_Control}/gu, '\ufffd');
}

/** Columns that a text takes in a terminal: Chinese characters take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (NO_WIDTH.test(character)) continue;
    width += WIDE.test(character) || WIDE_PLANES.test(character) ? 2 : 1;
  }
  return width;
}

/** A table with aligned columns; a note instead when there are no rows. */
export function table(headers: readonly string[], rows: readonly (readonly unknown[])[], whenEmpty: string): string {
  if (rows.length === 0) return `${whenEmpty}\n`;
  const cells = [headers, ...rows].map((row) => row.map(plain));
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]) => row.map((cell, column) => pad(cell, widths[column]!)).join('  ');
  const [head, ...body] = cells.map((row) => line(row).trimEnd());
  return `${[head, widths.map((width) => '-'.repeat(width)).join('  '), ...body].join('\n')}\n`;
}

/** Lines 'label  value'; a pair whose value is undefined or empty is left out. */
export function pairs(entries: readonly (readonly [label: string, value: unknown])[]): string {
  const shown = entries.filter(([, value]) => value !== undefined && value !== null && value !== '');
  const width = Math.max(0, ...shown.map(([label]) => widthOf(label)));
  return shown.map(([label, value]) => `${pad(label, width)}  ${plain(value)}\n`).join('');
}

/** How to get the next page of a list; empty after the last one. */
export function nextPage(cursor: string | undefined): string {
  return cursor === undefined ? '' : `\n下一页 / next page: --cursor ${plain(cursor)}\n`;
}

/** A moment as people in China read it. @param ms milliseconds; empty when there is none */
export function chinaTime(ms: number | undefined | null): string {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return '';
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Name of a message without its package: `tongban.v1.Ping` is Ping. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** A size as people read it. @param bytes whole number */
export function humanSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step]}`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
