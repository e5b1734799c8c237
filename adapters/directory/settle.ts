import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { ERROR_CODES, type ErrorCode, type Problem } from '#proto';
import { PlatformError, type SubmissionOutcome, type TakenOutcome } from '../adapter.ts';
import { exists, type FolderFiles, holding } from './folder-files.ts';

const { join } = posix;
const DONE = 'done';
const FAILED = 'failed';

/** File systems end at 255 bytes; the report and its temporary name add to this. */
const MAX_NAME_BYTES = 200;

/** Folders beside the submissions that hold the settled ones; never submissions themselves. */
export const SETTLED_FOLDERS: readonly string[] = [DONE, FAILED];

/**
 * Moves a decided submission out of the way, after writing beside its new place what was decided. A crash in between
 * leaves the submission where it was; offered again it gets the same outcome and comes here again.
 *
 * @param good whether nobody has to look at it
 */
export async function settle(files: FolderFiles, folder: string, name: string, good: boolean, report: unknown) {
  const target = join(folder, good ? DONE : FAILED);
  await files.makeFolder(target);
  // The platform may write beside it, and put a link in its place.
  await holding(files, target, async ({ path }) => {
    const free = await freeName(files, path, name);
    const beside = `${free}.${good ? 'result' : 'error'}.json`;
    await files.write(path, beside, Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
    await files.move(join(folder, name), join(path, free));
  });
}

/**
 * Says that what was reported as refused has been taken after all: `done/KEY.result.json`, with the key that stands in the
 * report of the refusal. What was refused stays where it is: the platform may have done something with it.
 *
 * @param key idempotency key of the submission
 * @throws PlatformError
 */
export async function settleLater(files: FolderFiles, folder: string, key: string, outcome: TakenOutcome) {
  try {
    const target = join(folder, DONE);
    const report = { key, ...described(outcome, key) };
    const content = Buffer.from(`${JSON.stringify(report, null, 2)}\n`);
    await files.makeFolder(target);
    await holding(files, target, ({ path }) => files.write(path, `${key}.result.json`, content));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlatformError(true, `the outcome cannot be written (${code ?? 'unknown'})`);
  }
}

/** What a report says of one submission. */
export type Described =
  | { readonly conversation: string; readonly caseNumber: string }
  | {
      readonly code: ErrorCode;
      readonly title: string;
      readonly detail: string;
      readonly problems: readonly Problem[];
      /** By which it is known should it be taken later. */
      readonly key: string;
    };

/** @param key idempotency key of the submission */
export function described(outcome: SubmissionOutcome, key: string): Described {
  if (outcome.ok) return { conversation: outcome.conversation, caseNumber: outcome.caseNumber };
  const { zh, en } = ERROR_CODES[outcome.code];
  return { code: outcome.code, title: `${zh} ${en}`, detail: outcome.message, problems: outcome.problems, key };
}

/**
 * The same name, or, when an earlier submission has it, the same name with a free number from 2: the first, unless somebody
 * took others away. Looks at few names, however many submissions were called the same.
 */
async function freeName(files: FolderFiles, target: string, name: string): Promise<string> {
  const base = Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : createHash('sha256').update(name).digest('hex');
  const numbered = (number: number) => (number === 1 ? base : `${base}.${number}`);
  const isTaken = (number: number) => exists(files, join(target, numbered(number)));
  let [taken, free] = [0, 1];
  while (await isTaken(free)) [taken, free] = [free, free * 2];
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  return numbered(free);
}
