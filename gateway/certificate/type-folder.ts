import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, type Problem } from '#proto';
import { builtInCertificateTypes, type CertificateTypes, readCertificateTypes } from '#trust';

const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads the types of certificates (证照类型) that a region adds to those of the program: every `*.json` of a folder, in
 * the order of their names, so that a file may replace types of those before it.
 *
 * @param folder undefined when the region adds none
 * @throws CodedError CONFIG_INVALID, naming every fault of every file as `file#/pointer`
 */
export async function readTypeFolder(folder: string | undefined): Promise<CertificateTypes> {
  if (folder === undefined) return builtInCertificateTypes;
  const problems: Problem[] = [];
  let types = builtInCertificateTypes;
  for (const name of await namesIn(folder)) {
    try {
      types = readCertificateTypes(await readJson(join(folder, name)), types);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, pointer: `${name}#${problem.pointer}` })));
    }
  }
  if (problems.length > 0) throw invalid(folder, problems);
  return types;
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new CodedError('CONFIG_INVALID', `cannot read the folder of certificate types ${folder} (${error.code})`);
  });
  const names = entries.filter((name) => name.endsWith('.json')).sort();
  if (names.length > MAX_FILES)
    throw new CodedError('CONFIG_INVALID', `${folder} has more than ${MAX_FILES} files of certificate types`);
  return names;
}

async function readJson(file: string): Promise<unknown> {
  const fault = (code: string, message: string) =>
    new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '', code, message }]);
  if ((await stat(file)).size > MAX_FILE_BYTES) throw fault('TOO_LONG', 'is larger than 1 MiB');
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw fault('JSON', `is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function invalid(folder: string, problems: readonly Problem[]): CodedError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new CodedError('CONFIG_INVALID', `${folder}: ${first?.pointer} ${first?.message}${more}`, problems);
}
