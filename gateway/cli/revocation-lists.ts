import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import { countEntries, DOCUMENT_LIMITS, readRevocationList, revocationListsIn } from '#trust';
import type { Answer } from './command.ts';
import { fileError } from './files.ts';
import { chinaTime, table } from './format.ts';

/** One list, or why a file holds none that can be used. */
interface ShownList {
  readonly file: string;
  /** Milliseconds. */
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | undefined;
  readonly entries?: number;
  readonly state: 'usable' | 'outdated' | 'unusable';
  readonly why?: string;
}

const STATES = { usable: '可用 usable', outdated: '已过期 OUT OF DATE', unusable: '不可用 UNUSABLE' } as const;

/**
 * The lists of revoked certificates in a file, DER.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read, CONFIG_INVALID when it holds none
 */
export async function readRevocationFile(file: string): Promise<Buffer[]> {
  try {
    const { size } = await stat(file);
    if (size > DOCUMENT_LIMITS.revocationFileBytes)
      throw new CodedError('CONFIG_INVALID', `${file} is larger than ${DOCUMENT_LIMITS.revocationFileBytes} bytes`);
    return revocationListsIn(await readFile(file));
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}

/**
 * Says of every file of a folder whether a gateway can use it. Whose signature is on a list shows only when a certificate
 * of that issuer is examined. Ends with 0 when all can be used and are in date.
 *
 * @param now milliseconds
 * @throws CodedError VALIDATION_FAILED when the folder cannot be read
 */
export async function showRevocationLists(folder: string, now: number): Promise<Answer> {
  const names = await readdir(folder).catch((error) => Promise.reject(fileError('read', folder, error)));
  const files = names.filter((name) => !name.startsWith('.')).sort();
  const lists = (await Promise.all(files.map((file) => listsOf(folder, file, now)))).flat();
  const text = table(
    ['文件 File', '状态 State', '签发 Issued', '下次更新 Next', '条目 Entries', '说明 Why'],
    lists.map(({ file, state, thisUpdate, nextUpdate, entries, why }) => {
      const [issued, next] = [thisUpdate, nextUpdate].map((at) => (at === undefined ? '' : chinaTime(at)));
      return [file, STATES[state], issued, next, entries === undefined ? '' : String(entries), why];
    }),
    '没有吊销列表 / there are no revocation lists',
  );
  return { json: { lists }, text, exit: lists.every(({ state }) => state === 'usable') ? 0 : 1 };
}

async function listsOf(folder: string, file: string, now: number): Promise<ShownList[]> {
  try {
    return (await readRevocationFile(join(folder, file))).map((der) => {
      const list = readRevocationList(der);
      const { thisUpdate, nextUpdate } = list;
      const isFresh = nextUpdate !== undefined && nextUpdate >= now;
      return { file, thisUpdate, nextUpdate, entries: countEntries(list), state: isFresh ? 'usable' : 'outdated' };
    });
  } catch (error) {
    return [{ file, state: 'unusable', why: (error as Error).message }];
  }
}
