import { absentOr, boolean, fields, integer, list, oneOf, type Problem, type Rule, record, text } from '#proto';
import { FIELD_TYPES, type FieldType } from '../fields/convert.ts';
import { isZone } from '../fields/date-style.ts';
import type { TableSpec } from '../fields/table.ts';

/** Rules of one direction, at most. */
export const MAPPING_RULES = 500;
/** Wishes that one record can make, documents that one event can make. */
export const RULE_RESULTS = 20;
/** Fields of one result, or of one entry of a list. */
export const RESULT_FIELDS = 500;
const EXPRESSION_CHARACTERS = 4_000;

/** How a date is written at the platform, alone or with more about it. */
type DateSpec =
  | string
  | {
      readonly pattern: string | readonly string[];
      /** Ours; `epoch-ms` when left out. */
      readonly as?: string;
      readonly zone?: string;
      /** How far it may lie in the future, such as `10m`. */
      readonly ahead?: string;
    };

export interface FieldOptions {
  readonly from?: string;
  readonly value?: unknown;
  readonly each?: string;
  readonly fields?: FieldMap;
  readonly table?: string;
  readonly date?: DateSpec;
  readonly default?: unknown;
  readonly required?: boolean;
  readonly type?: FieldType;
  readonly max?: number;
  readonly pattern?: string;
  readonly trim?: boolean;
}

/** An expression, or what else there is to say of a field. */
export type FieldSpec = string | number | boolean | FieldOptions;
/** Target to field. */
export type FieldMap = Readonly<Record<string, FieldSpec>>;
/** Fields, or one expression that gives everything. */
export type BodySpec = string | FieldMap;

interface Shared {
  readonly case?:
    | string
    | { readonly conversation?: FieldSpec; readonly number?: FieldSpec; readonly reference?: FieldSpec };
  readonly reference?: FieldSpec;
  readonly with?: string | readonly string[];
}

export interface FileSpec {
  readonly each?: string;
  readonly name: FieldSpec;
  /** Where it is, or all of it in base64. */
  readonly from?: FieldSpec;
  readonly content?: FieldSpec;
  readonly media_type?: FieldSpec;
}

/** Materials that go out with a document. */
export interface OutFileSpec {
  readonly each?: string;
  readonly name?: FieldSpec;
  readonly material: FieldSpec;
  readonly row?: FieldMap;
}

/** One wish of a rule. */
export interface WishSpec extends Shared {
  readonly when?: string;
  readonly open?: BodySpec;
  readonly act?: FieldSpec;
  readonly note?: FieldSpec;
  readonly data?: BodySpec;
  readonly files?: readonly FileSpec[];
}

export interface InRuleSpec extends WishSpec {
  readonly name?: string;
  readonly ignore?: string;
  readonly do?: readonly WishSpec[];
}

export interface DocumentSpec {
  readonly when?: string;
  readonly with?: string | readonly string[];
  readonly document: BodySpec;
  readonly files?: readonly OutFileSpec[];
}

export interface OutRuleSpec extends Partial<DocumentSpec> {
  readonly name?: string;
  readonly on: string | readonly string[];
  readonly reads?: 'event' | 'case';
  readonly ignore?: string;
  readonly documents?: readonly DocumentSpec[];
}

export interface AnswerSpec {
  readonly taken: string | boolean;
  readonly retry?: string | boolean;
  readonly reference?: FieldSpec;
  readonly reason?: FieldSpec;
}

/** A mapping file as {@link mappingShape} has proven it to be. */
export interface MappingSpec {
  readonly mapping: 1;
  readonly name?: string;
  readonly zone?: string;
  readonly trim?: boolean;
  readonly tables?: Readonly<Record<string, TableSpec | Readonly<Record<string, string>>>>;
  readonly parts?: Readonly<Record<string, FieldMap>>;
  readonly in?: readonly InRuleSpec[];
  readonly out?: readonly OutRuleSpec[];
  readonly answer?: AnswerSpec;
}

const expression = text(EXPRESSION_CHARACTERS, { lines: true });
const word = text(200);
const name = text(100);
const names = either(name, list(name, 20, 1));
const anything: Rule = () => {};
const zone: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || !isZone(value)) wrong(problems, pointer, 'must be an offset such as +08:00');
};

const fieldSpec: Rule = (value, pointer, problems) => {
  if (typeof value === 'number' || typeof value === 'boolean') return;
  if (typeof value === 'string') return expression(value, pointer, problems);
  fieldOptions(value, pointer, problems);
};
const fieldMap: Rule = (value, pointer, problems) =>
  record(text(300), fieldSpec, RESULT_FIELDS)(value, pointer, problems);

const fieldOptions = fields({
  from: absentOr(expression),
  value: anything,
  each: absentOr(expression),
  fields: absentOr(fieldMap),
  table: absentOr(name),
  date: absentOr(
    either(
      name,
      fields({
        pattern: either(name, list(name, 20, 1)),
        as: absentOr(name),
        zone: absentOr(zone),
        ahead: absentOr(text(10, { pattern: /^\d{1,6}[smhd]$/, hint: 'must be a time such as 90s, 10m, 2h or 1d' })),
      }),
    ),
  ),
  default: anything,
  required: absentOr(boolean),
  type: absentOr(oneOf(...FIELD_TYPES)),
  max: absentOr(integer(1, 1_000_000)),
  pattern: absentOr(text(500)),
  trim: absentOr(boolean),
});

const codes = record(word, text(500, { min: 0 }), 5_000);
const longTable = fields({
  codes,
  reverse: absentOr(record(text(500, { min: 0 }), word, 5_000)),
  default: absentOr(text(500, { min: 0 })),
  default_code: absentOr(word),
});
const table: Rule = (value, pointer, problems) => (isLongTable(value) ? longTable : codes)(value, pointer, problems);

const body = either(expression, fieldMap);
const wishMembers = {
  when: absentOr(either(expression, boolean)),
  open: absentOr(body),
  act: absentOr(fieldSpec),
  note: absentOr(fieldSpec),
  data: absentOr(body),
  case: absentOr(
    either(
      expression,
      fields({ conversation: absentOr(fieldSpec), number: absentOr(fieldSpec), reference: absentOr(fieldSpec) }),
    ),
  ),
  reference: absentOr(fieldSpec),
  with: absentOr(names),
  files: absentOr(
    list(
      fields({
        each: absentOr(expression),
        name: fieldSpec,
        from: absentOr(fieldSpec),
        content: absentOr(fieldSpec),
        media_type: absentOr(fieldSpec),
      }),
      100,
      1,
    ),
  ),
};
const documentMembers = {
  when: absentOr(either(expression, boolean)),
  with: absentOr(names),
  files: absentOr(
    list(
      fields({ each: absentOr(expression), name: absentOr(fieldSpec), material: fieldSpec, row: absentOr(fieldMap) }),
      100,
      1,
    ),
  ),
};

const shape = fields({
  mapping: (value, pointer, problems) => {
    if (value !== 1) wrong(problems, pointer, 'must be 1, the version of this format');
  },
  name: absentOr(name),
  zone: absentOr(zone),
  trim: absentOr(boolean),
  tables: absentOr(record(name, table, 200)),
  parts: absentOr(record(name, fieldMap, 100)),
  in: absentOr(
    list(
      fields({
        ...wishMembers,
        name: absentOr(name),
        ignore: absentOr(text(500)),
        do: absentOr(list(fields(wishMembers), RULE_RESULTS, 1)),
      }),
      MAPPING_RULES,
      1,
    ),
  ),
  out: absentOr(
    list(
      fields({
        ...documentMembers,
        name: absentOr(name),
        on: names,
        reads: absentOr(oneOf('event', 'case')),
        ignore: absentOr(text(500)),
        document: absentOr(body),
        documents: absentOr(list(fields({ ...documentMembers, document: body }), RULE_RESULTS, 1)),
      }),
      MAPPING_RULES,
      1,
    ),
  ),
  answer: absentOr(
    fields({
      taken: either(expression, boolean),
      retry: absentOr(either(expression, boolean)),
      reference: absentOr(fieldSpec),
      reason: absentOr(fieldSpec),
    }),
  ),
});

/** The shape of a mapping file: which members there are, and of what type. */
export const mappingShape: Rule = (value, pointer, problems) => {
  const found: Problem[] = [];
  shape(value, pointer, found);
  for (const problem of found) {
    const isUnknown = problem.code === 'UNKNOWN_FIELD';
    problems.push(
      isUnknown ? { ...problem, message: 'is no word of the mapping format; check its spelling' } : problem,
    );
  }
};

/** Whether a table says more than its codes. */
export function isLongTable(value: unknown): value is TableSpec {
  return typeof value === 'object' && value !== null && 'codes' in value && typeof value.codes === 'object';
}

/** A text or a boolean by the first rule as far as it is no object, else by the second. */
function either(first: Rule, second: Rule): Rule {
  return (value, pointer, problems) => (typeof value === 'string' ? first : second)(value, pointer, problems);
}

function wrong(problems: Problem[], pointer: string, message: string): void {
  problems.push({ pointer, code: 'FORMAT', message });
}
