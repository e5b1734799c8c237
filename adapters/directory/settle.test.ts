import { expect, it } from 'vitest';
import type { FolderFiles } from './folder-files.ts';
import { settle } from './settle.ts';

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
    write: async () => {},
    move: async (_from: string, to: string) => void names.add(to),
  } as unknown as FolderFiles;
  for (let times = 0; times < 3; times += 1) await settle(files, '/in', 'case.json', true, {});
  expect([...names].slice(-3)).toEqual([10_001, 10_002, 10_003].map((number) => `/in/done/case.json.${number}`));
  expect(looks).toBeLessThan(100);
});
