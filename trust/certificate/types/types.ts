import { CodedError, type Problem, type Rule } from '#proto';
import { ALWAYS_CONCEALABLE, claimPattern, fieldClaim } from '../claim-names.ts';
import builtIn from './built-in.json' with { type: 'json' };
import { definitionsRule, type FieldRule, integrityOf, patternOf, type TypeDefinition } from './definition.ts';
import { valueRule } from './values.ts';

/** A type of certificate (证照类型), ready for use. */
export interface CertificateType {
  readonly code: string;
  /** 证照类型名称, Chinese. */
  readonly name: string;
  readonly nameEn: string;
  /** 证照定义机构 */
  readonly definedBy: string;
  /** In the order in which they are shown. */
  readonly claims: readonly FieldRule[];
  /** What `vct#integrity` says of the definition. */
  readonly integrity: string;
  /** The rule of the fields when they are issued. */
  readonly whole: Rule;
  /** The rule of the fields that a holder shows: what he may keep back need not be there. */
  readonly shown: Rule;
  /** Patterns of what the holder may keep back of the fields, such as `/records/*`. */
  readonly concealable: ReadonlySet<string>;
  /** Patterns of all that he may keep back of the claims of a certificate, such as `/field_records/*`. */
  readonly concealableClaims: ReadonlySet<string>;
  /** Names of the fields by the claims in which they stand, in the order of the schema. */
  readonly fieldNames: ReadonlyMap<string, string>;
  /** Code of the type that is issued in its place. */
  readonly replacedBy?: string;
}

/** The types that a gateway knows, by code. A replaced one is still there, so that its certificates can be read. */
export type CertificateTypes = ReadonlyMap<string, CertificateType>;

/** The types that come with the program; see the note in `built-in.json`. */
export const builtInCertificateTypes: CertificateTypes = readCertificateTypes(builtIn);

/**
 * Reads definitions of types, `{note, types: […]}`, and adds them to others. What is defined already stays as it is: a
 * definition is a part of what its certificates mean. A type that takes the place of another names it in `replaces`.
 *
 * @throws CodedError VALIDATION_FAILED with every wrong place
 */
export function readCertificateTypes(definitions: unknown, base: CertificateTypes = new Map()): CertificateTypes {
  const problems: Problem[] = [];
  definitionsRule(definitions, '', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  const types = new Map(base);
  for (const [index, definition] of (definitions as { types: readonly TypeDefinition[] }).types.entries())
    add(types, definition, `/types/${index}`, problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return types;
}

/** The type of a name that is issued now; undefined when there is none. */
export function typeNamed(types: CertificateTypes, name: string): CertificateType | undefined {
  for (const type of types.values()) if (type.name === name && type.replacedBy === undefined) return type;
  return undefined;
}

function add(
  types: Map<string, CertificateType>,
  definition: TypeDefinition,
  pointer: string,
  problems: Problem[],
): void {
  const { code, name, replaces = [] } = definition;
  for (const [index, replaced] of replaces.entries()) {
    const type = types.get(replaced);
    if (type) types.set(replaced, { ...type, replacedBy: code });
    else problems.push({ pointer: `${pointer}/replaces/${index}`, code: 'NOT_IN_LIST', message: 'is not defined' });
  }
  if (types.has(code)) {
    const message = 'is defined already and a definition never changes: give the changed type a code of its own';
    problems.push({ pointer: `${pointer}/code`, code: 'REPEATED', message });
  }
  const namesake = typeNamed(types, name.zh);
  if (namesake) {
    const message = `is the name of ${namesake.code}: name that code in "replaces" to issue this type in its place`;
    problems.push({ pointer: `${pointer}/name/zh`, code: 'REPEATED', message });
  }
  types.set(code, typeOf(definition));
}

function typeOf(definition: TypeDefinition): CertificateType {
  const { code, name, defined_by: definedBy, claims, schema } = definition;
  const concealable = new Set(claims.filter(({ sd }) => sd === 'always').map(({ path }) => patternOf(path)));
  return {
    code,
    name: name.zh,
    nameEn: name.en,
    definedBy,
    claims,
    integrity: integrityOf(definition),
    whole: valueRule(schema),
    shown: valueRule(schema, (pattern) => concealable.has(pattern)),
    concealable,
    concealableClaims: new Set([...ALWAYS_CONCEALABLE, ...Array.from(concealable, claimPattern)]),
    fieldNames: new Map(Object.keys(schema.properties).map((field) => [fieldClaim(field), field])),
  };
}
