import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { type RegionStatement, verifyStatement } from '#trust';
import { readStatementText } from './gateway-folder.ts';

/** Statements of a folder that are read. */
const MAX_FILES = 5_000;

/**
 * Reads and verifies statements that the user trusts.
 *
 * @param paths files, or folders of which every `*.jwt` is read
 * @throws CodedError VALIDATION_FAILED for a file that cannot be read; VerificationError STATEMENT_INVALID or the code
 *   of the signature's fault
 */
export async function readStatements(paths: readonly string[]): Promise<RegionStatement[]> {
  const statements: RegionStatement[] = [];
  for (const path of paths)
    for (const file of await filesAt(path)) statements.push(await verifyStatement(await readStatementText(file)));
  return statements;
}

async function filesAt(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith('.jwt')).sort();
  if (names.length === 0 || names.length > MAX_FILES)
    throw new CodedError('VALIDATION_FAILED', `${path} must hold statements, *.jwt, and no more than ${MAX_FILES}`);
  return names.map((name) => join(path, name));
}
