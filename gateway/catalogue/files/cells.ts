import type { FormField, FormSchema } from '#proto';
import type { Column } from './columns.ts';

/**
 * What a cell means. What cannot be read stays text, and the rules of the item say what is wrong with it.
 *
 * @returns undefined for an empty cell where the member may be left out
 */
export function readCell(column: Column, cell: string): unknown {
  const text = unquoted(cell).trim();
  return READERS[column.kind](text, column, cell);
}

/** A member of an item as the text of a cell, which `readCell` reads again. */
export function writeCell({ kind, words }: Column, value: unknown): string {
  if (value === undefined) return '';
  if (kind === 'flag') return value === true ? '是' : '否';
  if (kind === 'form') return JSON.stringify(value);
  if (kind === 'words') {
    const shown = (value as readonly string[]).map((word) => shownWord(word, words));
    // A line of its own, so that a word is not taken for two.
    return shown.length === 1 && SEPARATORS.test(shown[0]!) ? `${shown[0]}\n` : shown.join('\n');
  }
  if (Array.isArray(value)) return value.map((entry) => WRITERS[kind]?.(entry as Entry) ?? String(entry)).join('\n');
  return typeof value === 'string' ? shownWord(value, words) : String(value);
}

/** A part of an item that is an object: a material, a step, a fee. */
type Entry = Readonly<Record<string, unknown>>;
type Reader = (text: string, column: Column, cell: string) => unknown;

const SEPARATORS = /[;；,，、]/;

const READERS: Readonly<Record<Column['kind'], Reader>> = {
  text: (text, { words, isRequired }) => (text === '' && !isRequired ? undefined : keptWord(text, words)),
  number: (text) => {
    if (text === '') return undefined;
    const digits = /^(\d{1,9})\s*(?:个?工作日|天|日|份)?$/.exec(text)?.[1];
    return digits === undefined ? text : Number(digits);
  },
  flag: (text) => {
    if (text === '') return undefined;
    if (/^(?:是|√|✓|true|yes|y|1)$/iu.test(text)) return true;
    return /^(?:否|×|false|no|n|0)$/iu.test(text) ? false : text;
  },
  words: (_, { words }, cell) => {
    const byLine = unquoted(cell).includes('\n');
    const parts = unquoted(cell).split(byLine ? '\n' : SEPARATORS);
    return listOf(parts).map((word) => keptWord(word, words));
  },
  lines: (text) => listOf(text.split('\n')),
  flow: (text) =>
    entriesOf(text).map((entry) => {
      const [, name, days] = /^(.*?)\s*[:：]\s*(\d{1,9})$/.exec(entry) ?? [];
      return days === undefined ? { name: entry } : { name, working_days: Number(days) };
    }),
  fees: (text) =>
    (/^(?:不收费|免费|无)$/.test(text) ? [] : listOf(text.split('\n'))).map((entry) => {
      const [name, standard = '', ...basis] = partsOf(entry);
      return { name, standard, ...(basis.length > 0 && { basis: basis.join('|') }) };
    }),
  form: (text) => (text === '' ? undefined : readForm(text)),
  materials: (text) => entriesOf(text).map(readMaterial),
};

const WRITERS: Readonly<Partial<Record<Column['kind'], (entry: Entry) => string>>> = {
  flow: ({ name, working_days: days }) => (days ? `${name}:${days}` : String(name)),
  fees: ({ name, standard, basis }) => [name, standard, ...(basis ? [basis] : [])].join('|'),
  materials: writeMaterial,
};

/** Marks of a material that carry a value, as `规格=A4` and `原件1`. */
const VALUES: Readonly<Record<string, string>> = {
  规格: 'specification',
  空白表格: 'blank_form',
  示例样表: 'sample_form',
};
const COUNTS: Readonly<Record<string, string>> = { 原件: 'originals', 复印件: 'copies' };
const FLAGS: Readonly<Record<string, string>> = { 核验原件: 'original_to_be_checked', 可容缺: 'may_follow_later' };

/** `营业执照|复印件1|核验原件|可容缺|规格=A4`. */
function readMaterial(entry: string): object {
  const [name, ...marks] = partsOf(entry);
  const material: Record<string, unknown> = { name, original_to_be_checked: false, may_follow_later: false };
  for (const mark of marks) {
    const [, label = '', value = ''] = /^([^=＝]+)[=＝](.*)$/su.exec(mark) ?? [];
    const [, kind = '', count = ''] = /^(原件|复印件)\s*(\d{1,9})\s*份?$/.exec(mark) ?? [];
    const flag = FLAGS[mark];
    if (flag !== undefined) material[flag] = true;
    else if (COUNTS[kind] !== undefined) material[COUNTS[kind]] = Number(count);
    else if (VALUES[label] !== undefined) material[VALUES[label]] = value.trim();
    // No member of a material: the rules name it.
    else material[mark] = true;
  }
  return material;
}

function writeMaterial(material: Entry): string {
  const marks = [
    ...Object.entries(COUNTS).flatMap(([label, member]) => (material[member] ? [`${label}${material[member]}`] : [])),
    ...Object.entries(FLAGS).flatMap(([label, member]) => (material[member] === true ? [label] : [])),
    ...Object.entries(VALUES).flatMap(([label, member]) => (material[member] ? [`${label}=${material[member]}`] : [])),
  ];
  return [material.name, ...marks].join('|');
}

const FIELD_TYPES: Readonly<Record<string, FormField>> = {
  文本: { type: 'string' },
  整数: { type: 'integer' },
  数字: { type: 'number' },
  是否: { type: 'boolean' },
  日期: { type: 'string', format: 'date' },
  手机: { type: 'string', format: 'mobile' },
  身份证: { type: 'string', format: 'citizen-number' },
  信用代码: { type: 'string', format: 'social-credit-code' },
};

/** A form as JSON Schema, or as lines `经营项目*:文本` and `主体业态:选项:餐饮/零售`; the star demands a field. */
function readForm(text: string): unknown {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  for (const line of listOf(text.split('\n'))) {
    const [label = '', type = '文本', options = ''] = line.split(/\s*[:：]\s*/u);
    const name = label.replace(/[*＊]$/u, '');
    if (name !== label) required.push(name);
    const choices = { type: 'string', enum: listOf(options.split(/[/／]/u)) };
    properties[name] = type === '选项' ? choices : (FIELD_TYPES[type] ?? { type });
  }
  return { type: 'object', properties, required, additionalProperties: false } as unknown as FormSchema;
}

/** Excel keeps the digits of a code that is written ="0123". */
function unquoted(cell: string): string {
  return /^="([^"]*)"$/.exec(cell)?.[1] ?? cell.replaceAll('\r\n', '\n');
}

/** Entries on lines of their own, or divided by semicolons. */
function entriesOf(text: string): string[] {
  return listOf(text.split(text.includes('\n') ? '\n' : /[;；]/u));
}

function partsOf(entry: string): string[] {
  return entry.split(/[|｜]/u).map((part) => part.trim());
}

function listOf(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function keptWord(word: string, words: Column['words']): string {
  return words && Object.hasOwn(words, word) ? words[word]! : word;
}

function shownWord(word: string, words: Column['words']): string {
  return Object.entries(words ?? {}).find(([, kept]) => kept === word)?.[0] ?? word;
}
