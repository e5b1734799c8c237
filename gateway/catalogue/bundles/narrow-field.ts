import type { FormField } from '#proto';

/**
 * What a value must be to be good for two fields at once, so that it is given once for both.
 *
 * @returns undefined where no value could be
 */
export function narrowField(one: FormField, other: FormField): FormField | undefined {
  if (one.type !== other.type || (one.format && other.format && one.format !== other.format)) return undefined;
  const format = one.format ?? other.format;
  const choices =
    one.enum && other.enum ? one.enum.filter((word) => other.enum!.includes(word)) : (one.enum ?? other.enum);
  const minLength = tighter(Math.max, one.minLength, other.minLength);
  const maxLength = tighter(Math.min, one.maxLength, other.maxLength);
  const minimum = tighter(Math.max, one.minimum, other.minimum);
  const maximum = tighter(Math.min, one.maximum, other.maximum);
  if (choices?.length === 0 || isCrossed(minLength, maxLength) || isCrossed(minimum, maximum)) return undefined;
  const { title = other.title, description = other.description } = one;
  return {
    type: one.type,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(choices && { enum: choices }),
    ...(format && { format }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  };
}

/** Whether two fields take the same values; what they are called matters to nobody. */
export function isSameField(one: FormField, other: FormField): boolean {
  return canonical(one) === canonical(other);
}

function canonical({ title: _title, description: _description, ...rules }: FormField): string {
  const { enum: choices, ...others } = rules;
  return JSON.stringify([Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1)), choices && [...choices].sort()]);
}

function tighter(pick: (...bounds: number[]) => number, ...bounds: (number | undefined)[]): number | undefined {
  const given = bounds.filter((bound) => bound !== undefined);
  return given.length > 0 ? pick(...given) : undefined;
}

function isCrossed(low: number | undefined, high: number | undefined): boolean {
  return low !== undefined && high !== undefined && low > high;
}
