import { createHash } from 'node:crypto';
import { list, type Problem, type Rule, text } from '#proto';
import { PlatformError, type Submission } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type OpenFile, understand } from '../mapping/understand.ts';
import type { PlatformClient } from './client.ts';
import { canonicalText, valueAt } from './json.ts';
import { atSameHost } from './place.ts';

/** Bytes of one record; larger ones are not kept. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** Where something stands in JSON: names with dots between. */
export const memberPath: Rule = text(200, {
  pattern: /^[^.\s]+(\.[^.\s]+){0,9}$/,
  hint: 'must be names with dots between, such as data.list',
});
/** Members of a record that together say which one it is. */
export const keyPaths: Rule = list(memberPath, 8, 1);

/** What makes submissions of the records of one platform. */
export interface RecordReader {
  /** What the operator calls the platform. */
  readonly platform: string;
  readonly mapping: Mapping;
  readonly openFile: OpenFile;
}

/** What says which record it is: members of it, or an id that came beside it; the whole record when there is neither. */
export interface Identity {
  readonly paths?: readonly string[] | undefined;
  readonly id?: readonly string[] | undefined;
}

/** What a record asks for. */
export function submissionOf(record: unknown, identity: Identity, reader: RecordReader): Promise<Submission> {
  return keyed(record, identity, reader).understand();
}

/**
 * A record with its key, which is cheap, and what it asks for, which is not. A record that is no object, is too large or
 * lacks a member of its key is not understood.
 */
export function keyed(
  record: unknown,
  { paths, id }: Identity,
  { platform, mapping, openFile }: RecordReader,
): { readonly key: string; understand(): Promise<Submission> } {
  const values = paths?.map((path) => valueAt(record, path) ?? null);
  const problems: Problem[] = [];
  const whole = canonicalText(record);
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    problems.push({ pointer: '', code: 'TYPE', message: 'must be an object' });
  else
    values?.forEach((value, index) => {
      if (value === null || typeof value === 'object')
        problems.push({ pointer: `/${paths![index]!.replaceAll('.', '/')}`, code: 'REQUIRED', message: 'is required' });
    });
  if (Buffer.byteLength(whole) > MAX_RECORD_BYTES) {
    const message = `has more than ${MAX_RECORD_BYTES} bytes`;
    const key = keyOf(platform, whole);
    const large = { key, document: null, wishes: [], problems: [{ pointer: '', code: 'TOO_LONG', message }] };
    return { key, understand: async () => large };
  }
  const named = values && problems.length === 0 ? [canonicalText(values)] : id;
  const key = keyOf(platform, ...(named ?? [whole]));
  return {
    key,
    async understand() {
      if (problems.length > 0) return { key, document: record, wishes: [], problems };
      return understand(key, record, mapping, openFile);
    },
  };
}

/** Idempotency key of what a platform calls by a name that may be long. */
export function keyOf(platform: string, ...parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([platform, ...parts]))
    .digest('hex');
}

/** Opens the files that records name, at the host of the platform alone. */
export function filesAt(client: PlatformClient | undefined): OpenFile {
  return async (from, signal) => {
    const url = client && atSameHost(client.base, from);
    if (!url) throw new PlatformError(false, 'a record names a file that is not at the host of the platform');
    return client.openFile(url, signal);
  };
}
