import { createHash } from 'node:crypto';
import {
  both,
  type Check,
  checkSocialCreditCode,
  fields,
  identifier,
  list,
  oneOf,
  optional,
  optionalText,
  type Problem,
  type Rule,
  text,
} from '#proto';
import { isFieldName } from '../claim-names.ts';
import { canonicalJson } from './canonical-json.ts';
import { type ObjectSchema, objectSchemaRule, type Schema } from './schema.ts';

/** Chinese and English words for one thing. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** How a value is shown to people; every value has its default. */
export type FieldFormat = 'text' | 'date' | 'month' | 'number';

/** What is said of one field, or of what stands at one place within a field. */
export interface FieldRule {
  /** Where, as SD-JWT VC spells it: names, and null for every entry of a list. */
  readonly path: readonly (string | null)[];
  readonly label: Words;
  /** Whether the holder may keep it back, in the words of SD-JWT VC: `always` disclosable, or `never`. */
  readonly sd: 'always' | 'never';
  readonly format?: FieldFormat;
}

/** A type of certificate (证照类型) as its definition is written down. */
export interface TypeDefinition {
  /** 证照类型代码: social credit code of the defining authority 18, number 3. */
  readonly code: string;
  /** 证照类型名称 */
  readonly name: Words;
  /** 证照定义机构 */
  readonly defined_by: string;
  /** Codes of types that are no longer issued here since this one is there. */
  readonly replaces?: readonly string[];
  /** In the order in which they are shown. */
  readonly claims: readonly FieldRule[];
  readonly schema: ObjectSchema;
}

const WORDS = fields({ zh: text(100), en: text(100) });

/** The rule of a file of definitions: `{note, types: […]}`. */
export const definitionsRule: Rule = fields({
  note: optionalText(1000),
  types: list(
    both(
      fields({
        code: identifier(checkTypeCode),
        name: WORDS,
        defined_by: text(100),
        replaces: optional(list(identifier(checkTypeCode), 50)),
        claims: list(
          fields({
            path: list(pathStep, 9, 1),
            label: WORDS,
            sd: oneOf('always', 'never'),
            format: optional(oneOf('text', 'date', 'month', 'number')),
          }),
          200,
        ),
        schema: objectSchemaRule,
      }),
      together,
    ),
    2000,
  ),
});

/** Checks a type code (证照类型代码): a social credit code and three digits. */
export function checkTypeCode(code: string): Check {
  if (!/^[0-9A-Z]{18}[0-9]{3}$/.test(code))
    return { ok: false, reason: 'must be a social credit code and three digits' };
  return checkSocialCreditCode(code.slice(0, 18));
}

/** What `vct#integrity` says of a definition: SHA-256 of its canonical JSON (RFC 8785), as W3C SRI writes it. */
export function integrityOf(definition: TypeDefinition): string {
  return `sha256-${createHash('sha256').update(canonicalJson(definition)).digest('base64')}`;
}

/** A path with `*` for every entry of a list: `/records/*` */
export function patternOf(path: FieldRule['path']): string {
  return path.map((step) => `/${step ?? '*'}`).join('');
}

function pathStep(value: unknown, pointer: string, problems: Problem[]): void {
  if (value !== null && (typeof value !== 'string' || value === ''))
    problems.push({ pointer, code: 'TYPE', message: 'must be the name of a field, or null for every entry of a list' });
}

/** Schema and claims speak of the same fields: no field without a label, no label without a field. */
function together(value: unknown, pointer: string, problems: Problem[]): void {
  const { claims, schema } = value as TypeDefinition;
  const places = new Map(placesOf(schema));
  const seen = new Set<string>();
  for (const [index, { path, format }] of claims.entries()) {
    const at = `${pointer}/claims/${index}`;
    const pattern = patternOf(path);
    const place = places.get(pattern);
    if (!place) problems.push({ pointer: `${at}/path`, code: 'NOT_IN_LIST', message: 'names nothing in the schema' });
    else if (!fitsFormat(place, format))
      problems.push({
        pointer: `${at}/format`,
        code: 'FORMAT',
        message: 'does not fit the type and format of the schema',
      });
    if (seen.has(pattern)) problems.push({ pointer: `${at}/path`, code: 'REPEATED', message: 'is there already' });
    seen.add(pattern);
  }
  for (const [pattern, place] of places) {
    const name = pattern.slice(pattern.lastIndexOf('/') + 1);
    // Entries of a list need no label of their own.
    if (name !== '*' && !seen.has(pattern))
      problems.push({ pointer: `${pointer}/claims`, code: 'REQUIRED', message: `has nothing for ${pattern}` });
    if (place.type === 'object') requiredExist(place, `${pointer}/schema`, problems);
  }
  requiredExist(schema, `${pointer}/schema`, problems);
  for (const name of Object.keys(schema.properties))
    if (!isFieldName(name)) {
      const message = 'must not begin with certificate_ or related_, as what every certificate has';
      problems.push({ pointer: `${pointer}/schema/properties/${name}`, code: 'FORMAT', message });
    }
}

/** Everything below a schema with its pattern. */
function* placesOf(schema: Schema, pattern = ''): Generator<[string, Schema]> {
  const inner =
    schema.type === 'object'
      ? Object.entries(schema.properties)
      : schema.type === 'array'
        ? [['*', schema.items] as const]
        : [];
  for (const [name, below] of inner) {
    yield [`${pattern}/${name}`, below];
    yield* placesOf(below, `${pattern}/${name}`);
  }
}

function fitsFormat(schema: Schema, format: FieldFormat | undefined): boolean {
  const inner = schema.type === 'array' ? schema.items : schema;
  if (format === 'date') return inner.type === 'string' && inner.format === 'date';
  if (format === 'month') return inner.type === 'string' && inner.format === 'year-month';
  if (format === 'number') return inner.type === 'number' || inner.type === 'integer';
  return true;
}

function requiredExist({ required = [], properties }: ObjectSchema, pointer: string, problems: Problem[]): void {
  for (const name of required)
    if (!Object.hasOwn(properties, name))
      problems.push({ pointer: `${pointer}/required`, code: 'NOT_IN_LIST', message: `${name} is no property` });
}
