import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFileKeyStore, readKeyFolder, verifyStatement } from '#trust';
import { openOwnKeys } from '../../keyring/own-keys.ts';
import { makeRegionFolder, removeFolders } from '../../testing/live-region.ts';
import { runCli } from '../program.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const PASSPHRASE = 'a passphrase for tests';
const MADE = Date.UTC(2026, 10, 22);
/** Signing, certificate, seal and TLS keys have ended by then; the log key lives longer. */
const LATER = MADE + 3 * 365 * DAY_MS;

let folder: string;

beforeEach(async () => {
  folder = await makeRegionFolder('320600', { now: MADE });
  await writeFile(join(folder, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
});
afterEach(() => removeFolders(folder));

async function rotate(...args: string[]) {
  let stdout = '';
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      if (stream === 'stdout') stdout += String(text);
      return true;
    }),
  );
  const file = join(folder, 'passphrase');
  const context = { clock: { now: () => LATER }, passphrase: undefined, stdin: async () => '' };
  const code = await runCli(['key', 'rotate', ...args, '--gateway', folder, '--passphrase-file', file], context);
  for (const spy of spies) spy.mockRestore();
  return { code, stdout };
}

const statement = async () => (await readFile(join(folder, 'statement.jwt'), 'utf8')).trim();
const openKeys = async () =>
  openOwnKeys('320600', await openFileKeyStore(join(folder, 'keys'), PASSPHRASE), await statement(), LATER);

test('when all keys have ended one after the other is replaced, and each time it is said what is left to do', async () => {
  const before = await statement();
  await expect(openKeys()).rejects.toMatchObject({ code: 'STATEMENT_INVALID' });
  const left = ['signing', 'certificate', 'tls'];
  while (left.length > 1) {
    const { code, stdout } = await rotate(left.shift()!, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ inForce: false, waitsFor: left });
    expect(await statement()).toBe(before);
  }
  const last = await rotate('tls', '--json');
  expect(last.code).toBe(0);
  expect(JSON.parse(last.stdout)).toMatchObject({ purpose: 'tls', serial: 2 });
  expect((await openKeys()).statement.serial).toBe(2);
});

test('it is said to people in words, with the command that ends it', async () => {
  const { stdout } = await rotate('signing');
  expect(stdout).toContain('NOT IN FORCE YET');
  expect(stdout).toContain('tongban key rotate certificate tls');
  expect((await rotate('certificate', 'tls')).code).toBe(0);
  expect((await openKeys()).statement.serial).toBe(2);
});

test('one command replaces them all', async () => {
  const { code, stdout } = await rotate('--all', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ serial: 2 });
  const { keys } = await readKeyFolder(join(folder, 'keys'));
  expect(keys).toHaveLength(11);
  expect((await verifyStatement(await statement())).tls).toHaveLength(1);
  await openKeys();
});
