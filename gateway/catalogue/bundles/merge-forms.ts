import type { FormField, FormSchema, Problem } from '#proto';
import type { Alias } from './bundle.ts';
import { isSameField, narrowField } from './narrow-field.ts';
import { WholeNames } from './whole-names.ts';

/** Where a field or a material of the whole goes. */
export interface AskedBy {
  readonly part: string;
  /** What the item of that part calls it. */
  readonly name: string;
}

/** A field of the merged form. */
export interface MergedField {
  readonly name: string;
  readonly schema: FormField;
  readonly isRequired: boolean;
  readonly askedBy: readonly AskedBy[];
}

/** A part with the form of its item; an empty text takes any form. */
interface PartForm {
  readonly key: string;
  readonly formSchema: string;
}

/** B2 一表申请: the fields of all forms without repeats, and what stands in the way. */
export interface MergedForms {
  readonly fields: readonly MergedField[];
  /** With pointers into the bundle. */
  readonly problems: readonly Problem[];
}

/**
 * Merges the forms of the items of a bundle: what has the same name and takes the same values is asked for once. Fields that
 * an alias joins take what is good for all of them.
 *
 * @param parts in the order of the bundle, so that its fields come in the order of the parts
 */
export function mergeForms(parts: readonly PartForm[], aliases: readonly Alias[]): MergedForms {
  const names = new WholeNames(aliases);
  const fields = new Map<string, MergedField>();
  const problems: Problem[] = [];
  for (const [index, { key, formSchema }] of parts.entries())
    for (const [field, { schema, isRequired }] of fieldsOf(formSchema)) {
      const name = names.of(key, field);
      const before = fields.get(name);
      const asked = { part: key, name: field };
      if (!before) {
        fields.set(name, { name, schema, isRequired, askedBy: [asked] });
        continue;
      }
      const pointer = `/parts/${index}/item`;
      const twice = before.askedBy.find(({ part }) => part === key);
      if (twice) {
        const message = `the fields "${twice.name}" and "${field}" of one part are both called "${name}" in the whole`;
        problems.push({ pointer, code: 'DUPLICATE', message });
        continue;
      }
      const isNamed = [asked, ...before.askedBy].every((one) => names.aliasOf(one.part, one.name)?.name === name);
      const merged = isSameField(before.schema, schema) || isNamed ? narrowField(before.schema, schema) : undefined;
      if (!merged) problems.push({ pointer, code: 'FORM_CONFLICT', message: conflict(name, before, key, isNamed) });
      const joined = { schema: merged ?? before.schema, isRequired: before.isRequired || isRequired };
      fields.set(name, { name, ...joined, askedBy: [...before.askedBy, asked] });
    }
  return { fields: [...fields.values()], problems };
}

/** The merged form as one JSON Schema. */
export function mergedSchema(fields: readonly MergedField[]): FormSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    additionalProperties: false,
  };
}

function fieldsOf(formSchema: string): [string, { schema: FormField; isRequired: boolean }][] {
  if (formSchema === '') return [];
  const { properties, required = [] } = JSON.parse(formSchema) as FormSchema;
  return Object.entries(properties).map(([name, schema]) => [name, { schema, isRequired: required.includes(name) }]);
}

function conflict(name: string, { askedBy }: MergedField, part: string, isNamed: boolean): string {
  const others = askedBy.map((one) => `"${one.part}"`).join(', ');
  return isNamed
    ? `the field "${name}" takes no value that is good for part "${part}" and for ${others}: join others in fields`
    : `the field "${name}" of part "${part}" takes other values than that of ${others}: in fields say that they are the same thing, or rename one`;
}
