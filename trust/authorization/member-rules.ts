import { checkRegionCode, fields, identifier, list, type Rule, text, UUID } from '#proto';
import { parseDateTime } from './date-time.ts';

/** Rules of members that more than one kind of agreement has. */

const FIELD_PATH =
  /^(?:applicant\.(?:name|documentNumber|mobile|address|\*)|(?:form|certificate|data)\.(?:\*|[\p{L}\p{N}_.-]+))$/u;

export const region = identifier(checkRegionCode);
export const uuid = text(36, { min: 36, pattern: UUID, hint: 'must be a lower-case UUID' });

/** A date-time with offset (RFC 3339). */
export const dateTime: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || parseDateTime(value) === undefined) {
    problems.push({ pointer, code: 'FORMAT', message: 'must be a date-time with offset: 2026-12-01T00:00:00+08:00' });
  }
};

/** Path of a personal field that may travel. */
export const fieldPath = text(80, {
  pattern: FIELD_PATH,
  hint: 'must be applicant.name, .documentNumber, .mobile, .address or .*, form.NAME, form.*, certificate.NAME, certificate.*, data.KIND.NAME or data.*',
});

/** A list of values that are all different. */
export function uniqueList(rule: Rule, max: number, min = 0): Rule {
  const entries = list(rule, max, min);
  return (value, pointer, problems) => {
    entries(value, pointer, problems);
    if (!Array.isArray(value) || value.length > max) return;
    const seen = new Set<unknown>();
    value.forEach((entry: unknown, index) => {
      if (seen.has(entry))
        problems.push({ pointer: `${pointer}/${index}`, code: 'DUPLICATE', message: 'is there twice' });
      seen.add(entry);
    });
  };
}

/** Every member by its rule, those of `optional` only where they are there, and no other member. */
export function membersOf(required: Readonly<Record<string, Rule>>, optional: Readonly<Record<string, Rule>>): Rule {
  return (value, pointer, problems) => {
    const there = Object.entries(optional).filter(([name]) => isObject(value) && name in value);
    fields({ ...required, ...Object.fromEntries(there) })(value, pointer, problems);
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
