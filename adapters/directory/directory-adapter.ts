import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { both, CodedError, fields, integer, optional, type Problem } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import { absolutePath, adapterName } from '../config-rules.ts';
import { directorySink } from './directory-sink.ts';
import { DirectorySource } from './directory-source.ts';

interface DirectoryConfig {
  readonly name: string;
  /** Folder that events are written to. */
  readonly out?: string;
  /** Folder that submissions are taken from. */
  readonly in?: string;
  /** How often `in` is looked at even though nothing was reported. */
  readonly poll_ms?: number;
}

const DEFAULT_POLL_MS = 5_000;

/** Two folders: events out as files, submissions in as files. For systems that can do nothing else. */
export const directoryKind = {
  rules: both(
    fields({
      name: adapterName,
      out: optional(absolutePath),
      in: optional(absolutePath),
      poll_ms: optional(integer(10, 3_600_000)),
    }),
    atLeastOneFolder,
  ),

  async create(config: DirectoryConfig, context: AdapterContext): Promise<Adapter> {
    const problems = [...(await folderProblems(config.out, '/out')), ...(await folderProblems(config.in, '/in'))];
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the folders cannot be used', problems);
    const pollMs = config.poll_ms ?? DEFAULT_POLL_MS;
    const source = config.in ? new DirectorySource(config.in, pollMs, config.name, context.log) : undefined;

    return {
      kind: 'directory',
      name: config.name,
      ...(config.out && { sink: directorySink(config.out) }),
      ...(source && { source }),
      async close() {
        await source?.stop();
      },
    };
  },
};

function atLeastOneFolder(value: unknown, pointer: string, problems: Problem[]): void {
  const config = value as DirectoryConfig;
  if (!config.in && !config.out)
    problems.push({ pointer, code: 'REQUIRED', message: 'needs a folder: in, out or both' });
  else if (config.in && config.out && isInside(config.out, config.in))
    problems.push({ pointer: `${pointer}/out`, code: 'CONFLICT', message: 'must not be the folder in, nor inside it' });
}

function isInside(path: string, folder: string): boolean {
  return `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
}

/** A folder is never made here: one that is missing may be a disk that is not mounted. */
async function folderProblems(path: string | undefined, pointer: string): Promise<Problem[]> {
  if (!path) return [];
  try {
    if (!(await stat(path)).isDirectory()) return [{ pointer, code: 'FOLDER', message: 'is not a folder' }];
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = absent ? 'does not exist; make the folder' : 'cannot be read and written by this program';
    return [{ pointer, code: 'FOLDER', message }];
  }
}
