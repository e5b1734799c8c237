import { MappingFault } from '../fault.ts';

/** Types that a field may ask for. */
export const FIELD_TYPES = ['text', 'number', 'integer', 'boolean', 'list'] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/**
 * A value as the type that a field asks for, where nothing is lost by it.
 *
 * @throws MappingFault TYPE
 */
export function convert(value: unknown, type: FieldType): unknown {
  return CONVERSIONS[type](value);
}

const CONVERSIONS: Readonly<Record<FieldType, (value: unknown) => unknown>> = {
  text: textOf,
  number: numberOf,
  integer: (value) => {
    const number = numberOf(value);
    if (!Number.isSafeInteger(number)) throw new MappingFault('TYPE', 'must be a whole number');
    return number;
  },
  boolean: booleanOf,
  // JSONata makes one of a list with one entry.
  list: (value) => (Array.isArray(value) ? value : [value]),
};

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') throw new MappingFault('TYPE', 'must be text, and is a list or an object');
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new MappingFault('TYPE', 'is a number with so many digits that some are lost; the platform has to send text');
  return String(value);
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)) return Number(value);
  throw new MappingFault('TYPE', 'must be a number');
}

function booleanOf(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new MappingFault('TYPE', 'must be true or false; a table can turn codes into these words');
}
