import { open, readFile, rm } from 'node:fs/promises';
import { CodedError } from '#proto';
import { type RegionStatement, verifyStatement } from '#trust';
import { writeFileAtomic } from '../config/atomic-file.ts';
import { statementFile } from '../config/config.ts';

/**
 * The text of our own statement.
 *
 * @param data folder of the gateway
 * @throws CodedError STATEMENT_INVALID when it cannot be read
 */
export async function readStatementFile(data: string): Promise<string> {
  const file = statementFile(data);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CodedError(
      'STATEMENT_INVALID',
      `cannot read our own statement ${file} (${error.code}); make it with: tongban init`,
    );
  });
}

/**
 * Puts another statement in the place of ours, one process at a time: two that make the next one at once would make two
 * of the same serial, and peers would believe only the one that they saw first.
 *
 * @param next makes it from the current one; when it throws, nothing has changed
 * @returns the one that is in force now
 * @throws CodedError CONFLICT while another process does the same, STATEMENT_INVALID, and the errors of `next`
 */
export async function replaceStatement(
  data: string,
  next: (current: RegionStatement) => Promise<RegionStatement>,
): Promise<RegionStatement> {
  const lock = `${statementFile(data)}.lock`;
  await (await takeLock(lock)).close();
  try {
    const statement = await next(await verifyStatement((await readStatementFile(data)).trim()));
    await writeFileAtomic(statementFile(data), `${statement.jwt}\n`, 0o644);
    return statement;
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string) {
  try {
    return await open(lock, 'wx', 0o600);
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CodedError(
      taken ? 'CONFLICT' : 'STATEMENT_INVALID',
      taken
        ? `our statement is being renewed at this moment; if nothing does that, remove ${lock} and try again`
        : `our statement cannot be replaced: ${lock} cannot be written`,
      [],
      { cause },
    );
  }
}
