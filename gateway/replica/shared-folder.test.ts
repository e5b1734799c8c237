import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isSharedWith, MARKS_KEPT, markFolder } from './shared-folder.ts';

const FIRST = '01a203af-5a91-7011-9d23-261d767a1616';
const SECOND = '01a203af-5ac5-71d6-872f-336e24f3abca';

let shared: string;
let other: string;

beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), 'tongban-shared-'));
  other = await mkdtemp(join(tmpdir(), 'tongban-other-'));
});

afterEach(async () => {
  for (const folder of [shared, other]) await rm(folder, { recursive: true });
});

it('shows whether two replicas have one folder, for the leader of now', async () => {
  await markFolder(shared, FIRST);
  expect(await isSharedWith(shared, FIRST)).toBe(true);
  expect(await isSharedWith(other, FIRST)).toBe(false);
  await markFolder(shared, SECOND);
  expect(await isSharedWith(shared, SECOND)).toBe(true);
  // A database that was restored knows the earlier leader only.
  expect(await isSharedWith(shared, FIRST)).toBe(true);
});

it('leaves what else lies beside the mark', async () => {
  await markFolder(shared, FIRST);
  await writeFile(join(shared, 'run', 'replica-a.json'), '{}');
  await markFolder(shared, SECOND);
  expect((await readdir(join(shared, 'run'))).toSorted()).toEqual([
    `leader-${FIRST}`,
    `leader-${SECOND}`,
    'replica-a.json',
  ]);
});

it('keeps the newest marks only', async () => {
  await markFolder(shared, FIRST);
  await utimes(join(shared, 'run', `leader-${FIRST}`), 1, 1);
  for (let n = 0; n < MARKS_KEPT; n += 1) await markFolder(shared, randomUUID());
  await markFolder(shared, SECOND);
  expect(await readdir(join(shared, 'run'))).toHaveLength(MARKS_KEPT);
  expect(await isSharedWith(shared, FIRST)).toBe(false);
  expect(await isSharedWith(shared, SECOND)).toBe(true);
});
