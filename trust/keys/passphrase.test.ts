import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPassphrase } from './passphrase.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tongban-passphrase-'));
  file = join(dir, 'passphrase');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  [' 口令 \n\n', ' 口令 \n'],
])('reads a file and drops one line break (%j)', async (content, passphrase) => {
  await writeFile(file, content, { mode: 0o600 });
  expect(await readPassphrase({ file })).toEqual({ passphrase, warnings: [] });
});

it('warns about a file that others can read', async () => {
  await writeFile(file, 'secret');
  await chmod(file, 0o640);
  const { passphrase, warnings } = await readPassphrase({ file });
  expect(passphrase).toBe('secret');
  expect(warnings).toEqual([expect.stringContaining(`chmod 600 ${file}`)]);
});

it('takes the environment, and the file before it', async () => {
  expect(await readPassphrase({ env: 'from outside' })).toEqual({ passphrase: 'from outside', warnings: [] });
  await writeFile(file, 'from the file', { mode: 0o600 });
  expect((await readPassphrase({ file, env: 'from outside' })).passphrase).toBe('from the file');
});

it('asks only where there is neither', async () => {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return '口令 typed';
  };
  expect(await readPassphrase({ ask })).toEqual({ passphrase: '口令 typed', warnings: [] });
  expect(await readPassphrase({ env: '', ask })).toEqual({ passphrase: '口令 typed', warnings: [] });
  expect(asked).toBe(2);
  await writeFile(file, 'from the file', { mode: 0o600 });
  expect((await readPassphrase({ file, ask })).passphrase).toBe('from the file');
  expect((await readPassphrase({ env: 'from outside', ask })).passphrase).toBe('from outside');
  expect(asked).toBe(2);
  await expect(readPassphrase({ ask: async () => '' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it.each([{}, { env: '' }, { env: undefined, file: undefined }])(
  'says how to give one when there is none (%j)',
  async (source) => {
    await expect(readPassphrase(source)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/--passphrase-file.*TONGBAN_PASSPHRASE/),
    });
  },
);

it('refuses what can encrypt nothing, without showing it', async () => {
  await expect(readPassphrase({ file })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await writeFile(file, '\n', { mode: 0o600 });
  await expect(readPassphrase({ file })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  const long = '长'.repeat(342);
  await expect(readPassphrase({ env: long })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.not.stringContaining('长'),
  });
});
