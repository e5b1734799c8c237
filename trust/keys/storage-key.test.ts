import { createCipheriv } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStorageKey, listStorageKeys, openStorageKeys, STORAGE_CIPHERS } from './storage-key.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tongban-storage-key-'));
});
afterEach(() => rm(dir, { recursive: true }));

const fileOf = (id: string) => join(dir, `storage-${id}.json`);

it('is made for the cipher of the suite, and opens with its passphrase alone', async () => {
  const aes = await createStorageKey(dir, { suite: 'ES256', passphrase: '口令', now: 1000 });
  const sm4 = await createStorageKey(dir, { suite: 'SM2-SM3', passphrase: '口令', now: 2000 });
  const [first, second] = await openStorageKeys(dir, '口令');
  expect(first).toMatchObject({ id: aes.id, cipher: 'AES-256-GCM', created: 1000 });
  expect(first!.key).toHaveLength(32);
  expect(second).toMatchObject({ id: sm4.id, cipher: 'SM4-GCM', created: 2000 });
  expect(second!.key).toHaveLength(16);
  await expect(openStorageKeys(dir, 'another')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
});

it('lies in a file of its owner alone that does not hold it in the clear', async () => {
  const { id } = await createStorageKey(dir, { suite: 'ES256', passphrase: 'p', now: 1000 });
  const [opened] = await openStorageKeys(dir, 'p');
  const text = await readFile(fileOf(id), 'utf8');
  expect(text).not.toContain(opened!.key.toString('base64url'));
  expect((await stat(fileOf(id))).mode & 0o777).toBe(0o600);
});

it('is the newest one when it was made last, although the clock was set back', async () => {
  const first = await createStorageKey(dir, { suite: 'ES256', passphrase: 'p', now: 9000 });
  const second = await createStorageKey(dir, { suite: 'ES256', passphrase: 'p', now: 1000 });
  expect((await listStorageKeys(dir)).map(({ id }) => id)).toEqual([first.id, second.id]);
});

it('does not open when the file says anything else of it', async () => {
  const { id } = await createStorageKey(dir, { suite: 'ES256', passphrase: 'p', now: 1000 });
  const file = JSON.parse(await readFile(fileOf(id), 'utf8'));
  await writeFile(fileOf(id), JSON.stringify({ ...file, created: 1001 }));
  await expect(openStorageKeys(dir, 'p')).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  for (const broken of [
    '',
    '{}',
    JSON.stringify({ ...file, id: '0'.repeat(16) }),
    JSON.stringify({ ...file, version: 2 }),
  ]) {
    await writeFile(fileOf(id), broken);
    await expect(openStorageKeys(dir, 'p')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  }
});

it('is absent from a folder that has none', async () => {
  expect(await listStorageKeys(join(dir, 'nowhere'))).toEqual([]);
});

it('uses an SM4-GCM of the library that gives what RFC 8998, A.1, says', () => {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const key = hex('0123456789abcdeffedcba9876543210');
  const cipher = createCipheriv(STORAGE_CIPHERS['SM4-GCM'].name, key, hex('00001234567800000000abcd'));
  cipher.setAAD(hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'));
  const plain = hex(['a', 'b', 'c', 'd', 'e', 'f', 'e', 'a'].map((digit) => digit.repeat(16)).join(''));
  expect(Buffer.concat([cipher.update(plain), cipher.final()]).toString('hex')).toBe(
    '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735' +
      'd82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d',
  );
  expect(cipher.getAuthTag().toString('hex')).toBe('83de3541e4c2b58177e065a9bf7b62ec');
});
