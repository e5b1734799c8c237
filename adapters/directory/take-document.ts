import { posix } from 'node:path';
import { CodedError, ERROR_CODES } from '#proto';
import type { Submission, SubmissionOutcome, Submit } from '../adapter.ts';
import type { Unreadable } from '../unreadable.ts';
import { keyOf } from './entry.ts';
import type { FolderFiles } from './folder-files.ts';
import { described } from './settle.ts';

/** What became of something that was placed: decided, or to be tried again together with what belongs to its cases. */
export type Taken =
  | { readonly decided: true; readonly good: boolean; readonly report: unknown }
  | { readonly decided: false; readonly code: string; readonly lanes: readonly string[] };

/** Bytes of an unreadable file by which it is known again. */
const BEGINNING_BYTES = 64 * 1024;

/** Cases of which something earlier has to be tried again first. */
export type HeldLanes = ReadonlySet<string>;

/**
 * Offers one submission.
 *
 * @param laneOf number of its case, as far as its document says
 */
export async function offer(
  submission: Submission,
  submit: Submit,
  signal: AbortSignal,
  held: HeldLanes,
  laneOf: (document: unknown) => string | undefined,
): Promise<Taken> {
  const lane = laneOf(submission.document);
  const lanes = lane === undefined ? [] : [lane];
  if (lane !== undefined && held.has(lane)) return { decided: false, code: 'CASE_WAITS', lanes };
  const outcome = await submit(submission, signal).catch((error: unknown) => error as Error);
  if (outcome instanceof Error) return { decided: false, code: reason(outcome), lanes };
  if (isRetryable(outcome)) return { decided: false, code: outcome.code, lanes };
  return { decided: true, good: outcome.ok, report: described(outcome, submission.key) };
}

/**
 * What cannot be read at all is offered with the reasons, so that it is parked where people see it.
 *
 * @param name of the file or folder
 */
export async function asUnreadable(files: FolderFiles, path: string, error: Unreadable): Promise<Submission> {
  const name = posix.basename(path);
  const key = keyOf('unreadable', name, JSON.stringify(error.problems), ...(await beginningOf(files, path)));
  return { key, document: { unreadableFile: name }, wishes: [], problems: error.problems };
}

/** So that another file of this name is another submission, however large either is. */
async function beginningOf(files: FolderFiles, path: string): Promise<(string | Uint8Array)[]> {
  const { kind, bytes } = await files.look(path);
  const parts: (string | Uint8Array)[] = [String(bytes)];
  if (kind !== 'file') return parts;
  let read = 0;
  for await (const chunk of await files.open(path)) {
    parts.push(chunk as Buffer);
    read += (chunk as Buffer).length;
    if (read >= BEGINNING_BYTES) break;
  }
  return parts;
}

/** Problems of a parked document that was no document; undefined when it was one. */
export function stillUnreadable(document: unknown): Submission['problems'] | undefined {
  if (typeof document !== 'object' || document === null || !('unreadableFile' in document)) return undefined;
  return [{ pointer: '', code: 'FILE', message: 'the file could not be read; correct it and place it again' }];
}

export function isRetryable(outcome: SubmissionOutcome): outcome is SubmissionOutcome & { ok: false } {
  return !outcome.ok && ERROR_CODES[outcome.code].retryable;
}

/** A code for the log: names of files may hold names of people, and so may messages. */
export function reason(error: unknown): string {
  if (error instanceof CodedError) return error.code;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'INTERNAL';
}
