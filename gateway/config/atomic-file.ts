import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that a reader sees the old content or the new, never half, also after a power failure:
 * written beside, synchronised, then renamed over the old one.
 *
 * @param mode permissions of the file, such as 0o600
 * @throws errors of the file system; the old file then stands untouched
 */
export async function writeFileAtomic(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    await rm(beside, { force: true });
    await writeDurably(beside, content, mode);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await synchronise(dirname(file));
}

async function writeDurably(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function synchronise(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
