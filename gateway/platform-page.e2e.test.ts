import { execFile, spawnSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../proto/testing/free-port.ts';
import { discard, type GatewayProcess, joinRegions, kill, restart, startRegion } from './testing/gateway-process.ts';

/** Runs the commands of docs/platform-integration.md as they stand there. */

const ROOT = join(import.meta.dirname, '..');
const MISSING = ['curl', 'jq', 'openssl', 'python3', 'bash'].filter((tool) => spawnSync(tool, ['--version']).error);
const hasJava = spawnSync('java', ['-version']).status === 0;
const run = promisify(execFile);

let folder: string;
let nantong: GatewayProcess;
let uxin: GatewayProcess;
let hookPort: number;

beforeAll(async () => {
  if (MISSING.length > 0) return;
  folder = await mkdtemp(join(tmpdir(), 'tongban-platform-'));
  hookPort = await freePort();
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  await kill(nantong);
  await appendFile(join(nantong.folder, 'gateway.yaml'), `\nwebhooks:\n  targets: ["http://127.0.0.1:${hookPort}"]\n`);
  await restart(nantong);
  await joinRegions(nantong, uxin);
  await mkdir(join(folder, 'bin'));
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'gateway/cli/main.ts')}' "$@"\n`;
  await writeFile(join(folder, 'bin/tongban'), program, { mode: 0o755 });
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region && discard(region)));
  if (folder) await rm(folder, { recursive: true });
});

it.skipIf(MISSING.length > 0)(
  `the page leads from nothing to a case ${MISSING.length ? `(no ${MISSING})` : ''}`,
  async () => {
    const page = await readFile(join(ROOT, 'docs/platform-integration.md'), 'utf8');
    for (const [, name, text] of page.matchAll(/^```(?:python|java) (\S+)\n([\s\S]*?)^```/gm))
      await writeFile(join(folder, name!), text!);
    const blocks = [...page.matchAll(/^```sh(?: (java))?\n([\s\S]*?)^```/gm)].filter(([, tool]) => !tool || hasJava);
    if (!hasJava) process.stdout.write('Java: 没有,不运行其片段 / there is none, its snippet is not run\n');
    expect(blocks.length).toBeGreaterThan(9);
    const script = blocks
      .map(([, , text]) => text)
      .join('\n')
      .replace('/var/lib/tongban', nantong.folder)
      .replace('http://127.0.0.1:8080', nantong.url)
      .replaceAll('9099', String(hookPort));
    await writeFile(
      join(folder, 'page.sh'),
      `set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`,
    );
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    const { stdout } = await run('bash', ['-x', 'page.sh'], {
      cwd: folder,
      env: { ...process.env, PATH },
      timeout: 90_000,
    });
    expect(stdout).toContain('received');
    expect(stdout).toMatch(/\d+ cn\.tongban\.case\.transfer\.v1/);
    const { cases } = (await (
      await fetch(`${nantong.url}/v1/cases`, { headers: { authorization: `Bearer ${nantong.token}` } })
    ).json()) as { cases: { state: string }[] };
    expect(cases).toHaveLength(2);
  },
);
