import type { IncomingHttpHeaders } from 'node:http';
import { encodingNamed, StrictDecoder } from '../encodings.ts';
import { unreadable } from '../unreadable.ts';

/** Objects and lists within one another. */
const MAX_DEPTH = 64;

/** A number that JavaScript cannot hold exactly, such as an id of 19 digits. */
const LONG_NUMBER = /[:,[\s]-?\d{16,}/;

/**
 * Reads JSON as platforms send it: UTF-8 or the encoding that its media type declares, not compressed, not nested without
 * end. Whole numbers that would lose digits become text with all of them.
 *
 * @throws Unreadable
 */
export function demandJson(
  body: Uint8Array,
  headers: Pick<IncomingHttpHeaders, 'content-type' | 'content-encoding'>,
): unknown {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    throw unreadable('ENCODING', 'is compressed, which nobody asked for');
  const charset = /;\s*charset="?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
  const encoding = charset === undefined ? 'utf-8' : encodingNamed(charset);
  const decoder = new StrictDecoder(encoding === 'utf-16' ? 'utf-16le' : encoding, charset !== undefined);
  const json = decoder.decode(body, true);
  if (isTooDeep(json)) throw unreadable('FORMAT', `is nested deeper than ${MAX_DEPTH}`);
  try {
    return LONG_NUMBER.test(json) ? JSON.parse(json, exactly as Reviver) : JSON.parse(json);
  } catch {
    throw unreadable('FORMAT', 'is not JSON');
  }
}

type Reviver = (key: string, value: unknown) => unknown;

function exactly(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  const isLong = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLong && source !== undefined && /^-?\d+$/.test(source) ? source : value;
}

/** Looks before anything is built. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at];
    if (sign === '"') {
      at += 1;
      while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
    } else if (sign === '{' || sign === '[') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (sign === '}' || sign === ']') depth -= 1;
  }
  return false;
}

/** As `demandJson`, for a caller to whom every fault is the same. */
export function readJson(
  body: Uint8Array,
  headers: Parameters<typeof demandJson>[1],
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: demandJson(body, headers) };
  } catch {
    return { ok: false };
  }
}

/** The member of a JSON value at a path of names with dots between; undefined when there is none. The empty path is all of it. */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  return path.split('.').reduce<unknown>((inner, name) => member(inner, name), value);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** A JSON value as text that does not depend on the order of its members. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
