import {
  boolean,
  both,
  type Check,
  CodedError,
  checkSocialCreditCode,
  fields,
  identifier,
  list,
  optionalText,
  type Problem,
  type Rule,
  text,
} from '#proto';
import builtIn from './types.json' with { type: 'json' };

/** One type-specific field on the face of a certificate (照面信息). */
export interface CertificateField {
  /** Name in the data: lower-case letters, digits, underscores. */
  readonly key: string;
  /** Name for people, Chinese. */
  readonly label: string;
  readonly required: boolean;
  /** Whether the holder may keep it back. */
  readonly disclosable: boolean;
}

/** A type of certificate (证照类型). */
export interface CertificateType {
  /** 证照类型代码: social credit code of the defining authority 18, number 3. */
  readonly code: string;
  /** 证照类型名称 */
  readonly name: string;
  readonly fields: readonly CertificateField[];
}

/** The types that an issuer knows, by code. */
export type CertificateTypes = ReadonlyMap<string, CertificateType>;

/** A field name. The prefixes are those of what every certificate has, whatever its type. */
export const FIELD_KEY = /^(?!certificate_|related_)[a-z][a-z0-9_]{0,47}$/;

const RULE = fields({
  note: optionalText(1000),
  types: list(
    fields({
      code: identifier(checkTypeCode),
      name: text(100),
      fields: both(
        list(
          fields({
            key: text(48, {
              pattern: FIELD_KEY,
              hint: 'must be lower-case letters, digits and underscores, not beginning with certificate_ or related_',
            }),
            label: text(50),
            required: boolean,
            disclosable: boolean,
          }),
          50,
        ),
        distinct('key'),
      ),
    }),
    2000,
  ),
});

/** The types that come with the program; see the note in `types.json`. */
export const builtInCertificateTypes: CertificateTypes = readCertificateTypes(builtIn);

/**
 * Reads definitions of types: `{note, types: [{code, name, fields: [{key, label, required, disclosable}]}]}`.
 * Later definitions of a code replace earlier ones.
 *
 * @param base types to add to
 * @throws CodedError VALIDATION_FAILED with every wrong place
 */
export function readCertificateTypes(definitions: unknown, base: CertificateTypes = new Map()): CertificateTypes {
  const problems: Problem[] = [];
  RULE(definitions, '', problems);
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  const { types } = definitions as { types: readonly CertificateType[] };
  return new Map([...base, ...types.map((type) => [type.code, type] as const)]);
}

/** Checks a type code (证照类型代码): a social credit code and three digits. */
export function checkTypeCode(code: string): Check {
  if (!/^[0-9A-Z]{18}[0-9]{3}$/.test(code))
    return { ok: false, reason: 'must be a social credit code and three digits' };
  return checkSocialCreditCode(code.slice(0, 18));
}

/** No two entries of a list with the same value under `name`. */
function distinct(name: string): Rule {
  return (value, pointer, problems) => {
    const seen = new Set<unknown>();
    (value as Record<string, unknown>[]).forEach((entry, index) => {
      if (seen.has(entry[name]))
        problems.push({ pointer: `${pointer}/${index}/${name}`, code: 'REPEATED', message: 'is there already' });
      seen.add(entry[name]);
    });
  };
}
