import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepLog } from '../../proto/testing/kept-logs.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let logs: string;

beforeAll(async () => {
  logs = await mkdtemp(join(tmpdir(), 'tongban-fuzz-logs-'));
});

afterAll(async () => {
  for (const file of await readdir(logs)) await keepLog(join(logs, file));
  await rm(logs, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--expose-gc', MAIN, ...args]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

it('meets the doors of a running gateway as strangers, platforms and pinned peers do, and finds nothing', async () => {
  const { code, out, err } = await run('--minutes', '0.05', '--seed', '7', '--logs', logs);
  expect(err).toContain('seed 7');
  expect(out).toMatch(/ 0 {2}REST POST \/v1\/cases\n/);
  expect(out).toMatch(/ 0 {2}peer port within TLS\n/);
  expect(out).toMatch(/ 0 {2}pinned peer Exchange\n/);
  expect(out).toMatch(/ 0 {2}合计 \/ total\n$/);
  expect(code).toBe(0);
  expect((await readdir(logs)).toSorted()).toEqual(['150626.log', '320600.log']);
});

it.each([
  ['no minutes', '--minutes', '0'],
  ['a seed that is no number', '--seed', 'x'],
  ['an option that there is not', '--fast'],
  ['a target that there is not', '--offline', '--target', 'nothing of the kind'],
])('is used wrongly: %s', async (_what, ...args) => {
  expect(await run(...args)).toMatchObject({ code: 2, out: '' });
});
