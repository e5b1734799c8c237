import { fileURLToPath } from 'node:url';
import { plain } from '../format.ts';
import type { Finding, Level, Words } from './finding.ts';

/** Folder of the program, which holds the pages. */
const PROGRAM = fileURLToPath(new URL('../../../', import.meta.url));

const MARKS: Readonly<Record<Level, string>> = {
  fine: '正常 ok     ',
  warning: '注意 warning',
  wrong: '错误 WRONG  ',
  skipped: '略过 skipped',
};
const INDENT = ' '.repeat(14);

/** What people read: each finding in both languages, then what to do and where to read more. */
export function reportText(findings: readonly Finding[]): string {
  return `${findings.map(findingText).join('')}\n${verdict(findings)}`;
}

function findingText({ level, zh, en, todo, page }: Finding): string {
  const lines = [`${MARKS[level]}  ${plain(zh)}`, `${INDENT}${plain(en)}`];
  if (todo) lines.push(`${INDENT}→ 处理:${plain(todo.zh)}`, `${INDENT}→ to do: ${plain(todo.en)}`);
  if (page) lines.push(`${INDENT}→ 手册 page: ${PROGRAM}${page}`);
  return `${lines.join('\n')}\n`;
}

function verdict(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ level }) => level === 'wrong').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  const words: Words[] = [];
  if (wrong > 0) words.push({ zh: `${wrong} 处错误须立即处理`, en: `${wrong} wrong, to be dealt with now` });
  if (warnings > 0) words.push({ zh: `${warnings} 处需要留意`, en: `${warnings} to be attended to` });
  if (words.length === 0) words.push({ zh: '没有发现问题', en: 'nothing is wrong' });
  return `${words.map(({ zh }) => zh).join(',')} / ${words.map(({ en }) => en).join(', ')}\n`;
}
