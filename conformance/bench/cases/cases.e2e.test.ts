import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { CaseFigures } from './measure-cases.ts';

const BENCH = fileURLToPath(new URL('../main.ts', import.meta.url));

it('fills a gateway with cases, finds and submits some over its API, and tells how long that took', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-cases-'));
  const file = join(folder, 'figures.json');
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, 'cases', '--cases', '3000', '--json', file]);
  const { cases, store, figures } = JSON.parse(await readFile(file, 'utf8')) as CaseFigures;
  expect([cases, store]).toEqual([3000, 'sqlite']);
  expect(figures.length).toBeGreaterThan(25);
  for (const { name, p50_ms, p95_ms, target_ms, is_met } of figures) {
    expect(p50_ms).toBeGreaterThan(0);
    expect(p95_ms).toBeGreaterThanOrEqual(p50_ms);
    expect(is_met).toBe(p50_ms < target_ms);
    expect(stdout).toContain(name);
  }
  await rm(folder, { recursive: true });
});

it.each([['cases', '--cases', 'many'], ['cases', '--quick'], ['items'], ['--cases', '5']])(
  'does not know how to measure %s %s %s',
  async (...args) => {
    const { code, stderr } = await promisify(execFile)(process.execPath, [BENCH, ...args]).catch((error) => error);
    expect(code).toBe(2);
    expect(stderr).toContain('npm run bench');
  },
);
