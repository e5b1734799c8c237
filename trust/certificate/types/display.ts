import type { FieldFormat, FieldRule, Words } from './definition.ts';
import { patternOf } from './definition.ts';
import type { CertificateType } from './types.ts';
import type { FieldValue, FieldValues } from './values.ts';

/** One line of what people see of a certificate. */
export interface ShownField {
  /** Name of the field. */
  readonly name: string;
  readonly label: Words;
  /** As printed, Chinese. */
  readonly text: string;
}

type Rules = ReadonlyMap<string, FieldRule>;

/**
 * The fields of a certificate in the order, with the labels and in the formats of its type; by their names when the
 * type is not known. Of a list every entry is shown, of an object every member with its label.
 */
export function shownFields(fields: FieldValues, type: CertificateType | undefined): ShownField[] {
  const rules: Rules = new Map(type?.claims.map((rule) => [patternOf(rule.path), rule]));
  const order = [...new Set([...Array.from(rules.keys(), (pattern) => pattern.slice(1)), ...Object.keys(fields)])];
  return order.flatMap((name) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) return [];
    return [{ name, label: labelOf(rules, `/${name}`), text: textOf(value, rules, `/${name}`) }];
  });
}

/** One value as text, whatever its type. */
export function fieldText(value: FieldValue): string {
  return textOf(value, new Map(), '');
}

function textOf(value: FieldValue, rules: Rules, pattern: string): string {
  if (typeof value === 'string') return formatted(value, rules.get(pattern)?.format);
  if (typeof value === 'number') return numberText(value, rules.get(pattern)?.format);
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (Array.isArray(value))
    return (value as readonly FieldValue[])
      .map((entry) => textOf(entry, rules, `${pattern}/*`))
      .join(value.some((entry) => typeof entry === 'object') ? '；' : '、');
  return Object.entries(value as FieldValues)
    .map(([name, member]) => {
      const at = `${pattern}/${name}`;
      return `${labelOf(rules, at).zh}：${textOf(member, rules, at)}`;
    })
    .join('，');
}

function labelOf(rules: Rules, pattern: string): Words {
  const name = pattern.slice(pattern.lastIndexOf('/') + 1);
  return rules.get(pattern)?.label ?? { zh: name, en: name };
}

function formatted(value: string, format: FieldFormat | undefined): string {
  if (format !== 'date' && format !== 'month') return value;
  const [year, month, day] = value.split('-').map(Number);
  return day === undefined ? `${year}年${month}月` : `${year}年${month}月${day}日`;
}

/** Thousands are set apart where the type says that it is a number to be read, not a number of something. */
function numberText(value: number, format: FieldFormat | undefined): string {
  return format === 'number'
    ? new Intl.NumberFormat('zh-CN', { maximumFractionDigits: 20 }).format(value)
    : String(value);
}
