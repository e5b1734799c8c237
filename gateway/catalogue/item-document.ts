import {
  CodedError,
  type FormSchema,
  feeRules,
  fields,
  itemRules,
  list,
  MAX_CATALOGUE_ITEMS,
  materialRules,
  type messages,
  optional,
  optionalText,
  type Problem,
  type Rule,
  reviewStepRules,
} from '#proto';
import { wholeItem } from './item-reader.ts';

type Names = Readonly<Record<string, unknown>>;

/**
 * The members of a message under the names that operators write: `promised_working_days` for `promisedWorkingDays`. The
 * rules are those of the message, so that whatever was imported can be published.
 *
 * @param required members that must be there; the others may be left out or null
 */
function written(rules: Readonly<Record<string, Rule>>, required: readonly string[]): Record<string, Rule> {
  const members = Object.entries(rules).map(([name, rule]) => [
    snake(name),
    required.includes(name) ? rule : optional(rule),
  ]);
  return Object.fromEntries(members) as Record<string, Rule>;
}

const { formSchema, ...plainRules } = itemRules;
const REQUIRED = ['code', 'name', 'department', 'applicant', 'modes', 'promisedWorkingDays', 'materials', 'result'];

const item = fields({
  ...written(plainRules, REQUIRED),
  materials: list(fields(written(materialRules, ['name', 'originalToBeChecked', 'mayFollowLater'])), 100),
  flow: optional(list(fields(written(reviewStepRules, ['name'])), 30)),
  fees: optional(list(fields(written(feeRules, ['name', 'standard'])), 30)),
  // As an object here, as its text on the way.
  form: optional((value, pointer, problems) => formSchema(JSON.stringify(value), pointer, problems)),
});

const file: Rule = fields({
  note: optional(optionalText(2000, { lines: true })),
  items: list(item, MAX_CATALOGUE_ITEMS, 1),
});

/**
 * Reads a file of items (事项): `{note?, items: [{code, name, department, applicant, modes, promised_working_days,
 * materials, result, …}]}`, as docs/items.md describes it.
 *
 * @throws CodedError VALIDATION_FAILED with the JSON pointer of every wrong field of every item
 */
export function readItems(document: unknown): messages.Item[] {
  const problems = itemProblems(document);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the items are not valid', problems);
  return (document as { items: Names[] }).items.map(itemOf);
}

/** Everything that is wrong with a file of items. */
export function itemProblems(document: unknown): Problem[] {
  const problems: Problem[] = [];
  file(document, '', problems);
  const entries = (document as { items?: unknown } | null)?.items;
  if (Array.isArray(entries) && entries.length <= MAX_CATALOGUE_ITEMS)
    problems.push(...twice(entries, 'is there twice'));
  return problems;
}

/** The entries of a list of items whose code stood in the list before. */
export function twice(entries: readonly unknown[], message: string): Problem[] {
  const seen = new Set<unknown>();
  return entries.flatMap((entry, index) => {
    const code = (entry as { code?: unknown } | null)?.code;
    const known = seen.has(code);
    seen.add(code);
    return known && typeof code === 'string' ? [{ pointer: `/items/${index}/code`, code: 'DUPLICATE', message }] : [];
  });
}

/** An item as it is written into a file: what holds its default is left out where it may be. */
export function writeItem({ formSchema: form, ...plain }: messages.Item): object {
  const members = Object.entries(plain).filter(([name, value]) => REQUIRED.includes(name) || !isDefault(value));
  const written = Object.fromEntries(members.map(([name, value]) => [snake(name), writtenValue(value)]));
  return form === '' ? written : { ...written, form: JSON.parse(form) as FormSchema };
}

function itemOf({ form, ...document }: Names): messages.Item {
  return wholeItem({ ...(camelled(document) as object), formSchema: form ? JSON.stringify(form) : '' });
}

/** Members of materials that always stand there. */
const MATERIAL_MEMBERS = ['originalToBeChecked', 'mayFollowLater'];

function writtenValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(writtenValue);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name, one]) => MATERIAL_MEMBERS.includes(name) || !isDefault(one));
  return Object.fromEntries(members.map(([name, one]) => [snake(name), one]));
}

function isDefault(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}

function camelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camel(name), camelled(member)]));
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
