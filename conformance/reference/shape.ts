import { readFileSync } from 'node:fs';
import { decoded, demand, Refused } from './wire.ts';

/** Shapes of JSON values: what must stand where, with the place of the first fault. */

/** Says what is wrong with a value by throwing Refused with the code. */
export type Shape = (value: unknown, code: string) => void;

export const REGIONS = new Set(
  Object.keys(
    JSON.parse(readFileSync(new URL('../../proto/identifiers/regions.json', import.meta.url), 'utf8')).regions,
  ),
);

export const is = (met: (value: unknown) => boolean, what: string): Shape => {
  return (value, code) => demand(met(value), code, what);
};
export const text = (min = 0, max = Number.POSITIVE_INFINITY): Shape =>
  is((v) => typeof v === 'string' && v.length >= min && v.length <= max, 'a text is missing, too short or too long');
export const matching = (pattern: RegExp): Shape =>
  is((v) => typeof v === 'string' && pattern.test(v), `a text must match ${pattern.source}`);
export const whole = (min = 0, max = Number.MAX_SAFE_INTEGER): Shape =>
  is((v) => Number.isSafeInteger(v) && Number(v) >= min && Number(v) <= max, `a whole number from ${min} is needed`);
export const bytes = (min = 0, max = Number.POSITIVE_INFINITY): Shape =>
  is((v) => {
    const length = decoded(v)?.length ?? -1;
    return length >= min && length <= max;
  }, `canonical base64url of ${min} to ${max} bytes is needed`);
export const oneOf = (...values: unknown[]): Shape =>
  is((v) => values.includes(v), `one of ${values.join(', ')} is needed`);
export const both = (first: Shape, second: Shape): Shape => {
  return (value, code) => {
    first(value, code);
    second(value, code);
  };
};
/** A text of one line as it can be printed: no control characters, and nothing that broken UTF-8 leaves. */
export const printed = (max: number): Shape =>
  both(
    text(1, max),
    is((v) => !/[\p{Cc}\p{Cs}\uFFFD]/u.test(String(v)), 'a control character'),
  );
export const region: Shape = is((v) => typeof v === 'string' && REGIONS.has(v), 'a region code of the table is needed');

const CREDIT_CODE = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** GB 32100: 18 characters, the last one a check character (modulus 31, weights 3^i). */
export function creditCode(value: unknown): boolean {
  const digits = [...String(value)].map((one) => CREDIT_CODE.indexOf(one));
  if (!/^[0-9A-Z]{2}\d{6}[0-9A-Z]{10}$/.test(String(value)) || digits.includes(-1)) return false;
  let [sum, weight] = [0, 1];
  for (const digit of digits.slice(0, 17)) [sum, weight] = [sum + digit * weight, (weight * 3) % 31];
  return digits[17] === (31 - (sum % 31)) % 31;
}

/** A list whose members have the shape; a `unique` one holds no text twice. */
export const list = (item: Shape, min = 0, max = Number.POSITIVE_INFINITY, unique = false): Shape => {
  return (value, code) => {
    demand(Array.isArray(value), code, 'a list is needed');
    demand(value.length >= min && value.length <= max, code, `a list of ${min} to ${max} is needed`);
    demand(!unique || new Set(value).size === value.length, code, 'a member stands twice');
    for (const [index, one] of value.entries()) within(String(index), () => item(one, code));
  };
};

/** An object with these members; a name that ends in `?` may be absent. Others are a fault unless `open`. */
export const object = (members: Record<string, Shape>, open = false): Shape => {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('?', ''), shape]));
  const optional = new Set(Object.keys(members).flatMap((name) => (name.endsWith('?') ? [name.slice(0, -1)] : [])));
  return (value, code) => {
    demand(isObject(value), code, 'an object is needed');
    for (const [name, shape] of shapes) {
      if (Object.hasOwn(value, name)) within(name, () => shape(value[name], code));
      else within(name, () => demand(optional.has(name), code, 'the member is missing'));
    }
    for (const name of Object.keys(value))
      within(name, () => demand(open || shapes.has(name), code, 'there is no such member'));
  };
};

function within(name: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw error instanceof Refused ? new Refused(error.code, error.message, [name, ...error.path]) : error;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
