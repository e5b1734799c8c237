import { expect, it } from 'vitest';
import { examineFile } from './examine-file.ts';

const TASK = { bytes: Buffer.from('x'), trust: '', now: 0 };
const threadOf = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

it.each([
  ['leaves', 'process.exit(0)'],
  ['has nothing to say', ''],
  ['fails', 'throw new Error("no")'],
])('gives a file up when its thread %s', async (_, code) => {
  await expect(examineFile(TASK, threadOf(code))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

it('believes a thread that answers and leaves', async () => {
  const code = 'import { parentPort } from "node:worker_threads"; parentPort.postMessage("found"); process.exit(0);';
  expect(await examineFile(TASK, threadOf(code))).toBe('found');
});
