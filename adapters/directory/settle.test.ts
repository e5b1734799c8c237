import { mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folders.ts';
import type { FolderFiles } from './folder-files.ts';
import { localFiles } from './local-files.ts';
import { settle, settleLater } from './settle.ts';

it('finds a free name among many at once', async () => {
  const names = new Set([
    '/in/done/case.json',
    ...Array.from({ length: 9_999 }, (_, n) => `/in/done/case.json.${n + 2}`),
  ]);
  let looks = 0;
  const files = {
    async look(path: string) {
      looks += 1;
      if (!names.has(path)) throw Object.assign(new Error('absent'), { code: 'ENOENT' });
      return { kind: 'file', bytes: 1 };
    },
    makeFolder: async () => {},
    hold: async (path: string) => ({ path, close: async () => {} }),
    write: async () => {},
    move: async (_from: string, to: string) => void names.add(to),
  } as unknown as FolderFiles;
  for (let times = 0; times < 3; times += 1) await settle(files, '/in', 'case.json', true, {});
  expect([...names].slice(-3)).toEqual([10_001, 10_002, 10_003].map((number) => `/in/done/case.json.${number}`));
  expect(looks).toBeLessThan(100);
});

it('makes its folders as the account makes any', async () => {
  const folder = await temporaryFolder();
  try {
    await writeFile(join(folder.path, 'a.json'), '{}');
    await settle(localFiles, folder.path, 'a.json', true, {});
    expect((await stat(join(folder.path, 'done'))).mode & 0o777).toBe(0o777 & ~process.umask());
  } finally {
    await folder.remove();
  }
});

it('writes nothing through a link in the place of its folders, before or meanwhile', async () => {
  const folder = await temporaryFolder();
  const [inbox, ours] = [join(folder.path, 'in'), join(folder.path, 'ours')];
  const done = join(inbox, 'done');
  try {
    for (const path of [inbox, ours]) await mkdir(path);
    await writeFile(join(inbox, 'a.json'), '{}');
    await symlink(ours, done);
    await expect(settle(localFiles, inbox, 'a.json', true, {})).rejects.toMatchObject({ code: 'ENOTDIR' });
    const told = settleLater(localFiles, inbox, 'k', { ok: true, conversation: 'c', caseNumber: '1' });
    await expect(told).rejects.toMatchObject({ retryable: true });
    expect((await readdir(inbox)).sort()).toEqual(['a.json', 'done']);

    await rename(done, join(inbox, 'link'));
    const swapping: FolderFiles = {
      ...localFiles,
      async look(path) {
        await rename(done, join(inbox, 'before'));
        await rename(join(inbox, 'link'), done);
        return localFiles.look(path);
      },
    };
    await settle(swapping, inbox, 'a.json', true, {});
    expect((await readdir(join(inbox, 'before'))).sort()).toEqual(['a.json', 'a.json.result.json']);
    expect(await readdir(ours)).toEqual([]);
  } finally {
    await folder.remove();
  }
});
