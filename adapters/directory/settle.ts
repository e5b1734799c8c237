import { createHash } from 'node:crypto';
import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_CODES } from '#proto';
import type { SubmissionOutcome } from '../adapter.ts';
import { isAbsent, syncFolder, writeAtomically } from './files.ts';

const DONE = 'done';
const FAILED = 'failed';

/** File systems end at 255 bytes; the report and its temporary name add to this. */
const MAX_NAME_BYTES = 200;

/** Folders beside the submissions that hold the settled ones; never submissions themselves. */
export const SETTLED_FOLDERS: readonly string[] = [DONE, FAILED];

/**
 * Moves a decided submission out of the way, after writing beside its new place what was decided. A crash in between
 * leaves the submission where it was; offered again it gets the same outcome and comes here again.
 */
export async function settle(folder: string, name: string, outcome: SubmissionOutcome): Promise<void> {
  const target = join(folder, outcome.ok ? DONE : FAILED);
  await makeFolder(target);
  const free = await freeName(target, name);
  const report = `${free}.${outcome.ok ? 'result' : 'error'}.json`;
  await writeAtomically(target, report, Buffer.from(`${JSON.stringify(describe(outcome), null, 2)}\n`));
  await rename(join(folder, name), join(target, free));
  await syncFolder(target);
  await syncFolder(folder);
}

/** The same name, or, when an earlier submission has it, the same name with the first free number from 2. */
async function freeName(target: string, name: string): Promise<string> {
  const base = Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : createHash('sha256').update(name).digest('hex');
  let free = base;
  for (let number = 2; await exists(join(target, free)); number += 1) free = `${base}.${number}`;
  return free;
}

/** Makes no parents: when the folder of submissions is gone, its disk may not be mounted. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function describe(outcome: SubmissionOutcome) {
  if (outcome.ok) return { conversation: outcome.conversation, caseNumber: outcome.caseNumber };
  const { zh, en } = ERROR_CODES[outcome.code];
  return { code: outcome.code, title: `${zh} ${en}`, detail: outcome.message, problems: outcome.problems };
}
