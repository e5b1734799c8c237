import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { importPublicJwk, SUITE_NAMES, suiteOf } from '../suites.ts';
import { openIdentityFile } from './identity-file.ts';
import { keyFile } from './key-folder.ts';
import { makeKey } from './new-keys.ts';
import { encryptPrivateKey } from './pkcs8.ts';

const passphrase = '保险柜 safe';
const folder = await mkdtemp(join(tmpdir(), 'tongban-identity-file-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(SUITE_NAMES)('opens an identity key of %s without its folder, and signs with it', async (name) => {
  const { info, privateKey } = await makeKey('identity', name, Date.UTC(2026, 10, 1));
  const path = keyFile(folder, info);
  await writeFile(path, await encryptPrivateKey(privateKey, passphrase));
  const signer = await openIdentityFile(path, passphrase);
  expect(signer).toMatchObject({ kid: info.kid, suite: name, publicJwk: info.publicJwk });
  const data = Buffer.from('地区声明');
  expect(suiteOf(name).verify(importPublicJwk(info.publicJwk), data, await signer.sign(data))).toBe(true);
  await expect(openIdentityFile(path, 'another')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
});

it('refuses what is no key of a suite, saying which file', async () => {
  const rsa = join(folder, 'rsa.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(rsa, await encryptPrivateKey(privateKey, passphrase));
  const large = join(folder, 'large.pem');
  await writeFile(large, 'x'.repeat(100_000));
  for (const path of [rsa, large, join(folder, 'absent.pem')]) {
    const opened = openIdentityFile(path, passphrase);
    await expect(opened).rejects.toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining(path) });
  }
});
