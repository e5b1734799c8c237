import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder that only its owner may enter, or closes an existing one to others. */
export async function makePrivateFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const handle = await open(dir, 'r');
  try {
    await handle.chmod(0o700);
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file that only its owner may read. After a loss of power there is the whole file or none: the bytes are
 * durable before they get their name, and the name is durable on return.
 */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}.tmp`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    // The mode above is not applied to a leftover of an interrupted write.
    await handle.chmod(0o600);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

/** Makes durable which names a folder holds. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
