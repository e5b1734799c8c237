import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

const SERVER = new URL('own-postgres.ts', import.meta.url).href;

it.each([0, 3])(
  'leaves the exit code of the process alone: %s',
  async (wanted) => {
    const program = `
    const { startOwnPostgres } = await import(${JSON.stringify(SERVER)});
    await startOwnPostgres().then((server) => server.stop(), (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'ENOENT') throw error;
    });
    process.exitCode = ${wanted};
  `;
    const code = await new Promise((resolve) => {
      const child = execFile(process.execPath, ['--input-type=module', '-e', program], () => resolve(child.exitCode));
    });
    expect(code).toBe(wanted);
  },
  60_000,
);
