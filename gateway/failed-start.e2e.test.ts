import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runFile } from './config/run-file.ts';
import { tongban } from './testing/gateway-process.ts';

const CLI = fileURLToPath(new URL('cli/main.ts', import.meta.url));

it('a start that fails at its very end, when both doors are open, leaves no process behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-failed-start-'));
  const [data, passphrase] = [join(folder, 'gateway'), join(folder, 'passphrase')];
  await writeFile(passphrase, 'test-passphrase-of-a-region\n', { mode: 0o600 });
  const where = ['--http', '127.0.0.1:0', '--peer-listen', '127.0.0.1:0', '--peer-endpoint', '127.0.0.1:7443'];
  await tongban('init', data, '--region', '320600', '--name', '南通市', ...where, '--passphrase-file', passphrase);
  // Where it would say that it runs there is something else.
  await mkdir(runFile(data), { recursive: true });
  const args = [CLI, 'start', '--gateway', data, '--passphrase-file', passphrase];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).not.toBe(0);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}, 40_000);
