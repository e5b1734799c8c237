import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { BacklogFigures } from './measure-backlog.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = promisify(execFile);

it('builds a backlog for a gateway that is away, and watches it drain to the last envelope when it is back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-backlog-'));
  const file = join(folder, 'figures.json');
  const { stdout } = await run(process.execPath, [MAIN, '--envelopes', '600', '--minutes', '1', '--json', file]);
  expect(stdout).toContain('积压 / backlog: 600\n');
  const figures: BacklogFigures = JSON.parse(await readFile(file, 'utf8'));
  expect(figures).toMatchObject({ wished: 600, envelopes: 600, drain_per_s: expect.any(Number) });
  const pending = figures.samples.map((sample) => sample.pending);
  expect(pending.at(-1)).toBe(0);
  expect(pending).toEqual(pending.toSorted((a, b) => b - a));
  for (const { sender_rss, sender_heap, receiver_rss, receiver_heap } of figures.samples)
    for (const mib of [sender_rss, sender_heap, receiver_rss, receiver_heap]) expect(mib).toBeGreaterThan(10);
  await rm(folder, { recursive: true });
}, 180_000);

it('says how it is called when it is called wrongly', async () => {
  await expect(run(process.execPath, [MAIN, '--envelopes', 'many'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--envelopes N'),
  });
});
