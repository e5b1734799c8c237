import { constants, existsSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { CodedError, type Problem } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import { mappedSink } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type DirectoryConfig, delimiterOf, directoryRules, mappingProblems } from './directory-config.ts';
import { directorySink, writeDocuments } from './directory-sink.ts';
import { DirectorySource } from './directory-source.ts';
import type { FolderFiles } from './folder-files.ts';
import { localFiles, localFilesIn, OPEN_FILES } from './local-files.ts';
import { sftpProblems } from './sftp-config.ts';
import { SftpFiles } from './sftp-files.ts';

const DEFAULT_POLL_MS = 5_000;

/**
 * Two folders: events out as files, submissions in as files, on this machine or by SFTP. For systems that can do nothing
 * else.
 */
export const directoryKind = {
  rules: directoryRules,
  mapping: 'optional',

  async create(config: DirectoryConfig, context: AdapterContext, mapping?: Mapping): Promise<Adapter> {
    const problems = [...(await placeProblems(config)), ...mappingProblems(config, mapping !== undefined)];
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the folders cannot be used', problems);
    const files = config.sftp ? new SftpFiles(config.sftp, context.log) : localFiles;
    const handedIn = config.in && !config.sftp ? localFilesIn(config.in) : files;
    const source = config.in ? sourceOf(config, config.in, handedIn, context, mapping) : undefined;

    return {
      kind: 'directory',
      name: config.name,
      ...(config.out && { sink: sinkOf(config, config.out, files, context, mapping) }),
      ...(source && { source }),
      async close() {
        await source?.stop();
        await files.close();
      },
    };
  },
} as const;

function sinkOf(config: DirectoryConfig, out: string, files: FolderFiles, context: AdapterContext, mapping?: Mapping) {
  if (!mapping) return directorySink(files, out);
  const { write = {} } = config;
  const send = writeDocuments(files, out, { ...write, delimiter: delimiterOf(write) });
  return mappedSink(mapping, context, send, { beside: true });
}

function sourceOf(
  config: DirectoryConfig,
  folder: string,
  files: FolderFiles,
  context: AdapterContext,
  mapping: Mapping | undefined,
): DirectorySource {
  const { poll_ms: pollMs = DEFAULT_POLL_MS, lane, xml = {}, csv = {} } = config;
  const options = { xml, csv: { ...csv, delimiter: delimiterOf(csv) } };
  return new DirectorySource({ files, folder, pollMs, mapping, options, lane }, config.name, context.log);
}

/** Another machine is not asked here: the gateway has to start while it is away. */
async function placeProblems(config: DirectoryConfig): Promise<Problem[]> {
  if (config.sftp) return sftpProblems(config.sftp, '/sftp');
  if (!existsSync(OPEN_FILES))
    return [
      {
        pointer: '',
        code: 'FOLDER',
        message: `folders that others write into are safe on Linux alone: there is no ${OPEN_FILES}`,
      },
    ];
  return [...(await folderProblems(config.out, '/out')), ...(await folderProblems(config.in, '/in'))];
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
