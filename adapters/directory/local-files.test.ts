import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folders.ts';
import { openInside } from './entry.ts';
import { localFilesIn } from './local-files.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  root = join(folder.path, 'in');
  for (const [place, content] of Object.entries({ 'in/a/scans': 'theirs', elsewhere: 'ours' })) {
    await mkdir(join(folder.path, place), { recursive: true });
    await writeFile(join(folder.path, place, 'x.pdf'), content);
  }
});
afterEach(() => folder.remove());

it('reads a file below the folder, which may itself be reached by a link', async () => {
  const link = join(folder.path, 'link');
  await symlink(root, link);
  for (const way of [root, link])
    expect(await text(await localFilesIn(way).open(join(way, 'a/scans/x.pdf')))).toBe('theirs');
});

it('refuses a file whose folder becomes a link between the last look and the opening', async () => {
  const files = localFilesIn(root);
  let looks = 0;
  const swapping = {
    ...files,
    async look(path: string) {
      const found = await files.look(path);
      looks += 1;
      // Twice on the way, once more at the file itself.
      if (looks === 3) {
        await rename(join(root, 'a/scans'), join(root, 'a/before'));
        await symlink(join(folder.path, 'elsewhere'), join(root, 'a/scans'));
      }
      return found;
    },
  };
  const opened = openInside(swapping, join(root, 'a'), 'scans/x.pdf');
  await expect(opened).rejects.toMatchObject({
    problems: [{ code: 'FILE', message: 'leads through a symbolic link' }],
  });
});
