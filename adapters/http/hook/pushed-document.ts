import { STRUCTURED_TYPE } from '../../cloud-event.ts';
import { unreadable } from '../../unreadable.ts';
import { demandJson } from '../json.ts';
import type { PushedRequest } from './hook-proof.ts';

/** What was pushed: a record, and its id where it is an event. */
export interface PushedDocument {
  readonly document: unknown;
  /** Source and id (CloudEvents 1.0, 3.1.1): together they say which event it is. */
  readonly event?: readonly [string, string];
}

const ATTRIBUTE = /^ce-([a-z0-9]{1,64})$/;

/**
 * Reads the body of a push: JSON as it is; a CloudEvent, structured or binary, as its JSON with all attributes and `data`.
 *
 * @throws Unreadable
 */
export function pushedDocument({ headers, body }: PushedRequest): PushedDocument {
  const contentType = one(headers['content-type']) ?? '';
  const encoding = one(headers['content-encoding']);
  const json = demandJson(body, {
    'content-type': contentType,
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  });
  if (mediaType(contentType) === STRUCTURED_TYPE) return eventIn(json);
  return headers['ce-specversion'] === undefined ? { document: json } : eventIn({ ...attributes(headers), data: json });
}

function eventIn(event: unknown): PushedDocument {
  const { specversion, id, source, type, data_base64 } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (specversion !== '1.0') throw unreadable('CLOUD_EVENT', 'is no CloudEvent of version 1.0', '/specversion');
  for (const [name, value] of Object.entries({ id, source, type }))
    if (typeof value !== 'string' || value === '') throw unreadable('REQUIRED', 'is required', `/${name}`);
  if (data_base64 !== undefined) throw unreadable('TYPE', 'must be JSON in data', '/data_base64');
  return { document: event, event: [source as string, id as string] };
}

function attributes(headers: PushedRequest['headers']): Record<string, string> {
  const found = Object.entries(headers).flatMap(([header, value]) => {
    const name = ATTRIBUTE.exec(header)?.[1];
    return name !== undefined && typeof value === 'string' ? [[name, decoded(value, name)] as const] : [];
  });
  return Object.fromEntries(found);
}

/** CloudEvents HTTP binding 3.1.3.2. */
function decoded(value: string, name: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw unreadable('ENCODING', 'is not percent-encoded UTF-8', `/${name}`);
  }
}

function mediaType(contentType: string): string {
  return contentType.split(';')[0]!.trim().toLowerCase();
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
