import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NOW, testContext, testEvent } from '../testing/context.ts';
import { placeFile, temporaryFolder } from '../testing/folders.ts';
import { FreshMapping } from './fresh-mapping.ts';
import { mappedSink } from './mapped-sink.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const version = (expression: string, out = '') =>
  `mapping: 1\nin:\n  - open:\n      item: { from: "${expression}", required: true }\n${out}`;
const TOLD = 'out:\n  - { on: "cn.tongban.case.*", document: { id: event.id } }\n';

async function opened(content: string) {
  await place(content);
  const lent = testContext();
  const clock = { ahead: 0 };
  const context = { ...lent, now: () => NOW + clock.ahead };
  return { context, clock, lines: lent.lines, mapping: await FreshMapping.open(file(), context) };
}

function file(): string {
  return join(folder.path, 'mapping.yaml');
}

const place = (content: string) => placeFile(folder.path, 'mapping.yaml', content);

it('counts as soon as a record fails with the one before, and else within a second', async () => {
  const { mapping, clock, lines } = await opened(version('SXBM'));
  await place(version('ITEM'));
  expect(await mapping.in({ SXBM: 'old', ITEM: 'new' })).toMatchObject({ wishes: [{ body: { item: 'old' } }] });
  expect(await mapping.in({ ITEM: 'new' })).toMatchObject({ wishes: [{ body: { item: 'new' } }] });
  expect(lines).toEqual([{ level: 'info', fields: {}, message: expect.stringContaining('was changed') }]);
  await place(version('SXBM'));
  clock.ahead = 1_000;
  expect(await mapping.in({ SXBM: 'old', ITEM: 'new' })).toMatchObject({ wishes: [{ body: { item: 'old' } }] });
  expect(await mapping.in({})).toMatchObject({ ok: false, problems: [{ code: 'REQUIRED' }] });
  expect(lines).toHaveLength(2);
});

it('stays as it was while its file is wrong or gone, says so once, and counts the problems only', async () => {
  const { mapping, clock, lines } = await opened(version('SXBM'));
  const SECRET = 'mapping: 1\nin: [{ when: "秘密 = ", open: {} }, { nonsense: 1 }]\n';
  await place(SECRET);
  for (const ahead of [1_000, 2_000, 3_000]) {
    clock.ahead = ahead;
    expect(await mapping.in({ SXBM: 'a' })).toMatchObject({ ok: true });
    expect(await mapping.in({})).toMatchObject({ ok: false });
  }
  expect(lines).toEqual([
    { level: 'warn', fields: { code: 'CONFIG_INVALID', count: 1 }, message: expect.stringContaining('goes on') },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/秘密|nonsense/);
  await rm(file());
  clock.ahead = 4_000;
  expect(await mapping.in({ SXBM: 'a' })).toMatchObject({ ok: true });
  expect(lines).toHaveLength(2);
  await writeFile(file(), version('ITEM'));
  expect(await mapping.in({ ITEM: 'a' })).toMatchObject({ ok: true });
});

it('is read once by many records that come together', async () => {
  const { mapping, clock, lines } = await opened(version('SXBM'));
  await place(version('ITEM'));
  clock.ahead = 5_000;
  const mapped = await Promise.all(Array.from({ length: 50 }, () => mapping.in({ ITEM: 'a' })));
  expect(mapped.every(({ ok }) => ok)).toBe(true);
  expect(lines).toHaveLength(1);
});

it('lets a platform hear from now on what the file did not speak of before', async () => {
  const { context, mapping, clock } = await opened(version('SXBM'));
  const sent: unknown[] = [];
  const sink = mappedSink(mapping, context, async ({ document }) => void sent.push(document));
  const { signal } = new AbortController();
  await sink.deliver(testEvent(1), signal);
  await place(version('SXBM', TOLD));
  clock.ahead = 1_000;
  await sink.deliver(testEvent(2), signal);
  expect(sent).toEqual([{ id: testEvent(2).id }]);
});

it('is refused at the start with every problem', async () => {
  await place('mapping: 2\nins: []\n');
  await expect(FreshMapping.open(file(), testContext())).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: [{ pointer: '/mapping' }, { pointer: '/ins' }],
  });
});
