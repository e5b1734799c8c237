import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLibrary } from './import-items.ts';
import { ItemLibrary, type LibraryItem } from './simulator.ts';

const KEY = 'a key of the item library';
const CLOCK = { now: () => 1_795_300_000_000 };
let library: ItemLibrary;
let samples: LibraryItem[];

beforeAll(async () => {
  library = await new ItemLibrary(KEY).listen();
  samples = JSON.parse(await readFile(new URL('samples/items.json', import.meta.url), 'utf8')) as LibraryItem[];
});

afterAll(() => library.close());

it('reads every page of the library, and only the items in use', async () => {
  const [, small, old] = samples as [LibraryItem, LibraryItem, LibraryItem];
  const many = Array.from({ length: 150 }, (_, n) => ({ ...small, SXBM: `EX-${n}` }));
  library.items.splice(0, Infinity, ...samples, ...many, old);
  const { items, faults } = await readLibrary(library.url, KEY, CLOCK);
  expect(faults).toEqual([]);
  expect(items).toHaveLength(152);
  expect(items[0]).toEqual({
    ...{ code: 'EX018', name: '食品经营许可', department: '市场监督管理局', department_code: '11150626MB00000014' },
    ...{ applicant: 'legal-person', modes: ['agency', 'joint'], promised_working_days: 10, statutory_working_days: 20 },
    materials: [
      { name: '营业执照', original_to_be_checked: true, may_follow_later: false },
      { name: '食品经营许可申请书', original_to_be_checked: false, may_follow_later: false },
      { name: '平面布局图', original_to_be_checked: false, may_follow_later: true },
    ],
    result: '食品经营许可证',
  });
});

it('names every item that cannot be used, and the place', async () => {
  library.items.splice(0, Infinity, { ...samples[0], FWDX: '9' }, { ...samples[1], CNBJSX: '三天' });
  const { items, faults } = await readLibrary(library.url, KEY, CLOCK);
  expect(items).toEqual([]);
  expect(faults).toMatchObject([
    { item: 'EX018', pointer: '/applicant' },
    { item: 'EX905', pointer: '/promised_working_days' },
  ]);
});

it('says that the library refuses us', async () => {
  await expect(readLibrary(library.url, 'wrong', CLOCK)).rejects.toThrow('40101');
});
