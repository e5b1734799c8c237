import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of its own under the system's temporary folder; `remove` takes everything away. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tongban-adapters-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Places a file as a careful platform does: under a name that is ignored, then renamed. */
export async function placeFile(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(folder, `.${name}`), content);
  await rename(join(folder, `.${name}`), join(folder, name));
}

/** Places a folder with files in the same way; names may have slashes. */
export async function placeFolder(
  folder: string,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const hidden = join(folder, `.${name}`);
  await mkdir(hidden);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(hidden, path)), { recursive: true });
    await writeFile(join(hidden, path), content);
  }
  await rename(hidden, join(folder, name));
}
