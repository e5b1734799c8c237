import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

const SERVER = new URL('own-postgres.ts', import.meta.url).href;

it('leaves the exit code of the process alone: a run of tests that failed has failed', async () => {
  const program = `
    const { startOwnPostgres } = await import(${JSON.stringify(SERVER)});
    await startOwnPostgres().then((server) => server.stop(), (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'ENOENT') throw error;
    });
    process.exitCode = 3;
  `;
  const code = await new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', program], () => resolve(child.exitCode));
  });
  expect(code).toBe(3);
}, 60_000);
