import type { Problem } from './error-codes.ts';
import { checkCitizenNumber, checkMobileNumber, checkSocialCreditCode } from './identifiers/index.ts';
import { add, both, fields, integer, list, oneOf, optional, type Rule, record, text } from './rules.ts';

/**
 * What an applicant fills in (表单): the part of JSON Schema 2020-12 that describes one flat form. Values travel as
 * texts, so a number is a text that is written as one.
 */
export interface FormSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, FormField>>;
  readonly required?: readonly string[];
  readonly additionalProperties: false;
}

export interface FormField {
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  /** Label (标签); the name where there is none. */
  readonly title?: string;
  readonly description?: string;
  /** Characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly format?: keyof typeof FORMATS;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Characters of the JSON of a form. */
const MAX_FORM_SCHEMA = 16_384;
const MAX_FORM_FIELDS = 100;
/** Characters of one value, as in the form of a case. */
const MAX_VALUE = 4000;

/** `date` is JSON Schema's; the others are names of our own, which other validators pass over. */
const FORMATS = {
  date: isDay,
  'citizen-number': (value: string) => checkCitizenNumber(value).ok,
  'social-credit-code': (value: string) => checkSocialCreditCode(value).ok,
  mobile: (value: string) => checkMobileNumber(value).ok,
} satisfies Record<string, (value: string) => boolean>;

/** Name of a field of a form. */
const formFieldName = text(64, { pattern: /^[\p{L}\p{N}_.-]+$/u, hint: 'must be a field name' });

const words = { title: optional(text(100)), description: optional(text(500)) };
const numeric = fields({ type: text(10), ...words, minimum: optional(finite), maximum: optional(finite) });
const FIELDS: Readonly<Record<FormField['type'], Rule>> = {
  string: fields({
    type: text(10),
    ...words,
    minLength: optional(integer(1, MAX_VALUE)),
    maxLength: optional(integer(1, MAX_VALUE)),
    enum: optional(list(text(100), 100, 1)),
    format: optional(oneOf(...Object.keys(FORMATS))),
  }),
  integer: numeric,
  number: numeric,
  boolean: fields({ type: text(10), ...words }),
};

/** Whether a value is the schema of a form: any other keyword is a fault, never passed over. */
const formSchema: Rule = both(
  fields({
    type: oneOf('object'),
    properties: record(formFieldName, field, MAX_FORM_FIELDS),
    required: optional(list(text(64), MAX_FORM_FIELDS)),
    additionalProperties: isFalse,
  }),
  (value, pointer, problems) => {
    const { properties, required } = value as FormSchema;
    for (const [index, name] of (required ?? []).entries())
      if (!Object.hasOwn(properties, name))
        add(problems, `${pointer}/required/${index}`, 'NOT_IN_LIST', 'is not among the properties');
  },
);

/** The schema of a form as JSON text, or nothing. */
export const formSchemaText: Rule = both(optionalFormText, (value, pointer, problems) => {
  if (value === '') return;
  let schema: unknown;
  try {
    schema = JSON.parse(value as string);
  } catch {
    return add(problems, pointer, 'FORMAT', 'must be JSON');
  }
  formSchema(schema, pointer, problems);
});

/**
 * Holds what was filled in against the form of the item.
 *
 * @param schema JSON text that {@link formSchemaText} has passed; empty takes any form
 * @param pointer of the form
 * @returns every field that is missing, wrong or not in the form
 */
export function checkForm(schema: string, form: Readonly<Record<string, string>>, pointer: string): Problem[] {
  if (schema === '') return [];
  const { properties, required } = JSON.parse(schema) as FormSchema;
  const problems: Problem[] = [];
  for (const name of required ?? [])
    if ((form[name] ?? '') === '')
      add(problems, `${pointer}/${name}`, 'REQUIRED', 'is required by the form of the item');
  for (const [name, value] of Object.entries(form)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!known) add(problems, `${pointer}/${name}`, 'UNKNOWN_FIELD', 'is not in the form of the item');
    else if (value !== '') checkValue(known, value, `${pointer}/${name}`, problems);
  }
  return problems;
}

function checkValue(known: FormField, value: string, pointer: string, problems: Problem[]): void {
  if (known.type === 'boolean') oneOf('true', 'false')(value, pointer, problems);
  else if (known.type === 'string') checkText(known, value, pointer, problems);
  else checkNumber(known, value, pointer, problems);
}

function checkText(known: FormField, value: string, pointer: string, problems: Problem[]): void {
  const { minLength = 0, maxLength = MAX_VALUE, format } = known;
  if (value.length < minLength) add(problems, pointer, 'TOO_SHORT', `needs at least ${minLength} characters`);
  if (value.length > maxLength) add(problems, pointer, 'TOO_LONG', `has more than ${maxLength} characters`);
  if (known.enum) oneOf(...known.enum)(value, pointer, problems);
  if (format && !FORMATS[format](value)) add(problems, pointer, 'FORMAT', `is not of the format ${format}`);
}

function checkNumber(known: FormField, value: string, pointer: string, problems: Problem[]): void {
  const { type, minimum = -Infinity, maximum = Infinity } = known;
  const [pattern, hint] =
    type === 'integer'
      ? [/^-?\d{1,15}$/, 'must be a whole number']
      : [/^-?\d{1,15}(?:\.\d{1,10})?$/, 'must be a number'];
  if (!pattern.test(value)) add(problems, pointer, 'TYPE', hint);
  else if (Number(value) < minimum || Number(value) > maximum)
    add(problems, pointer, 'RANGE', `must be from ${minimum} to ${maximum}`);
}

function field(value: unknown, pointer: string, problems: Problem[]): void {
  const given = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
  if (typeof given === 'string' && Object.hasOwn(FIELDS, given))
    FIELDS[given as FormField['type']](value, pointer, problems);
  else add(problems, `${pointer}/type`, 'NOT_IN_LIST', `must be one of: ${Object.keys(FIELDS).join(', ')}`);
}

function optionalFormText(value: unknown, pointer: string, problems: Problem[]): void {
  text(MAX_FORM_SCHEMA, { min: 0, lines: true })(value, pointer, problems);
}

function isFalse(value: unknown, pointer: string, problems: Problem[]): void {
  if (value !== false) add(problems, pointer, 'REQUIRED', 'must be false: no field is undefined');
}

function finite(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) add(problems, pointer, 'TYPE', 'must be a number');
}

function isDay(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}
