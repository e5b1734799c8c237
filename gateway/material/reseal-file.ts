import { open, rm } from 'node:fs/promises';
import { CodedError } from '#proto';
import type { Vault } from '../store/vault/vault.ts';
import { bytesOf, moveInto, writeHashed, writeHead } from './material-files.ts';
import { newFileKey, readFileKey, renewHead } from './sealed-file.ts';

/** A whole file of a material. */
export interface WholeFile {
  readonly path: string;
  /** Where a sealed copy may be made, on the same disk. */
  readonly temporary: string;
  readonly digest: Buffer;
  /** The file's case and digest. */
  readonly row: string;
}

/**
 * Seals a file that is not sealed, or wraps its key anew if that is not under the newest storage key. The file is whole at any
 * moment.
 *
 * @returns `broken` when it is not there, does not open, or is not what its name says: it stays as it is
 */
export async function resealFile(whole: WholeFile, vault: Vault): Promise<'sealed' | 'sealed-before' | 'broken'> {
  const file = await open(whole.path, 'r+').catch(() => undefined);
  if (!file) return 'broken';
  try {
    if (await readFileKey(file, vault, whole.row))
      return (await renewHead(file, vault, whole.row)) ? 'sealed' : 'sealed-before';
  } catch (error) {
    if (error instanceof CodedError) return 'broken';
    throw error;
  } finally {
    await file.close();
  }
  return sealCopy(whole, vault);
}

async function sealCopy({ path, temporary, digest, row }: WholeFile, vault: Vault): Promise<'sealed' | 'broken'> {
  const key = newFileKey(vault)!;
  try {
    const copied = await writeHashed(temporary, bytesOf(path, vault, row), key);
    if (!copied.digest.equals(digest)) return 'broken';
    await writeHead(temporary, vault, row, key);
    await moveInto(temporary, path);
    return 'sealed';
  } finally {
    await rm(temporary, { force: true });
  }
}
