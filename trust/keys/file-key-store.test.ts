import { copyFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { keyStoreContract } from '../testing/key-store-contract.ts';
import { createFileKeyStore, openFileKeyStore } from './file-key-store.ts';
import { STATED_PURPOSES } from './signer.ts';

const NOW = Date.UTC(2026, 10, 1, 8, 0, 0, 123);
const PASSPHRASE = '通办 correct horse';

const base = await mkdtemp(join(tmpdir(), 'tongban-keys-'));
afterAll(() => rm(base, { recursive: true, force: true }));

let root: string;
let dir: string;
beforeEach(async () => {
  root = await mkdtemp(join(base, 'case-'));
  dir = join(root, 'keys');
});

const create = (passphrase = PASSPHRASE) =>
  createFileKeyStore(dir, { suite: 'ES256', passphrase, now: NOW, region: '320600' });

async function fileOf(start: string): Promise<string> {
  return join(dir, (await readdir(dir)).find((name) => name.startsWith(start))!);
}

keyStoreContract(
  'the file store',
  (suite, now) => createFileKeyStore(join(base, suite), { suite, passphrase: PASSPHRASE, now }),
  NOW,
);

describe('the folder', () => {
  it('holds one file a key, named by purpose and key, the certificate and the index, for the owner only', async () => {
    const keys = await (await create()).list();
    const files = await readdir(dir);
    const expected = keys.map(({ purpose, kid }) => `${purpose}-${kid.slice(0, 8)}.pem`);
    const tls = expected.find((name) => name.startsWith('tls-'))!.replace('.pem', '.crt');
    expect(files.sort()).toEqual([...expected, tls, 'keys.json'].sort());
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    for (const file of files) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
  });

  it('holds no private key in clear', async () => {
    await create();
    for (const file of await readdir(dir)) {
      const text = await readFile(join(dir, file), 'utf8');
      expect(text).not.toContain('BEGIN PRIVATE KEY');
      expect(text).not.toContain('"d"');
    }
  });

  it('is closed to others even when it was open before', async () => {
    dir = root;
    await create();
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  it('is never overwritten', async () => {
    await create();
    const before = await readFile(join(dir, 'keys.json'), 'utf8');
    await expect(create('another')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await readFile(join(dir, 'keys.json'), 'utf8')).toBe(before);
    expect(await readdir(dir)).toHaveLength(8);
  });

  it('is not made with an empty passphrase', async () => {
    await expect(create('')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the passphrase', () => {
  it('is refused when wrong, for every key, though the list can be read', async () => {
    const made = await (await create()).list();
    const store = await openFileKeyStore(dir, 'wrong');
    for (const purpose of ['identity', ...STATED_PURPOSES] as const)
      await expect(store.signer(purpose)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    await expect(store.tls()).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    expect((await store.list()).map((key) => key.kid)).toEqual(made.map((key) => key.kid));
  });
});

describe('an absent key', () => {
  it('of the identity stops only the identity, says where it belongs, and works again when brought back', async () => {
    const store = await create();
    const file = await fileOf('identity-');
    const { kid } = await store.signer('identity');
    await rename(file, join(root, 'safe.pem'));
    await expect(store.signer('identity')).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining(file),
    });
    const opened = await openFileKeyStore(dir, PASSPHRASE);
    expect((await opened.signer('signing')).kid).toBe((await store.signer('signing')).kid);
    expect((await opened.tls()).spki).toBe((await store.tls()).spki);
    expect((await opened.list()).some((key) => key.kid === kid)).toBe(true);
    await rename(join(root, 'safe.pem'), file);
    expect((await opened.signer('identity')).kid).toBe(kid);
  });

  it('that is in use stays in memory', async () => {
    const store = await create();
    await store.signer('signing');
    await rm(await fileOf('signing-'));
    await expect(store.signer('signing')).resolves.toBeDefined();
  });

  it('is told from a folder without keys', async () => {
    await expect(openFileKeyStore(dir, PASSPHRASE)).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('tongban init'),
    });
  });
});

describe('a damaged folder', () => {
  it('is refused when a file holds the key of another purpose', async () => {
    const store = await create();
    await copyFile(await fileOf('certificate-'), await fileOf('signing-'));
    await expect(store.signer('signing')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it('is refused when a key file is cut', async () => {
    const store = await create();
    const file = await fileOf('log-');
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 100));
    await expect(store.signer('log')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it("is refused when the certificate is another key's or none", async () => {
    const store = await create();
    const file = await fileOf('tls-');
    const certificate = file.replace(/\.\w+$/, '.crt');
    const ours = dir;
    dir = join(root, 'others');
    await create();
    await copyFile((await fileOf('tls-')).replace(/\.\w+$/, '.crt'), certificate);
    await expect(store.tls()).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await writeFile(certificate, 'nothing');
    await expect((await openFileKeyStore(ours, PASSPHRASE)).tls()).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it('is refused with the wrong places when the index is wrong', async () => {
    await create();
    const index = JSON.parse(await readFile(join(dir, 'keys.json'), 'utf8'));
    const reopen = async (changed: unknown) => {
      await writeFile(join(dir, 'keys.json'), typeof changed === 'string' ? changed : JSON.stringify(changed));
      return openFileKeyStore(dir, PASSPHRASE);
    };
    await expect(reopen({ ...index, version: 2 })).rejects.toMatchObject({ code: 'STORE_VERSION' });
    for (const wrong of ['{', '[]', 'null'])
      await expect(reopen(wrong)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(reopen({ ...index, keys: [{ ...index.keys[0], suite: 'RSA' }] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/keys/0/suite' }],
    });
    await expect(reopen(index)).resolves.toBeDefined();
  });
});
