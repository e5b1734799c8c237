import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiKeyFile, createApiKey, mintToken, readApiKey } from './token.ts';

const REQUEST = {
  role: 'operator',
  subject: 'window 3',
  ttlSeconds: 3600,
  secret: Buffer.alloc(32, 1),
  issuer: 'urn:tongban:region:320600',
  audience: 'tongban-api',
  now: 1_793_000_000_999,
} as const;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-token-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('a token says who made it, for whom, what for and how long', async () => {
  const token = await mintToken(REQUEST);
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  expect(decodeJwt(token)).toEqual({
    iss: 'urn:tongban:region:320600',
    aud: 'tongban-api',
    sub: 'window 3',
    role: 'operator',
    iat: 1_793_000_000,
    exp: 1_793_003_600,
  });
});

test('every wrong wish is named at once', async () => {
  const wrong = { ...REQUEST, role: 'root' as 'operator', subject: '', ttlSeconds: 0 };
  await expect(mintToken(wrong)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    problems: [{ pointer: '/role' }, { pointer: '/subject' }, { pointer: '/ttl' }],
  });
  await expect(mintToken({ ...REQUEST, subject: 'oidc:u-17' })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    problems: [{ pointer: '/subject' }],
  });
  await expect(mintToken({ ...REQUEST, ttlSeconds: 367 * 86_400 })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
});

test('the key is made once, for its owner only, and stays', async () => {
  const keys = join(folder, 'keys');
  const key = await createApiKey(keys);
  expect(key).toHaveLength(32);
  expect((await stat(apiKeyFile(keys))).mode & 0o777).toBe(0o600);
  expect(await createApiKey(keys)).toEqual(key);
  expect(await readApiKey(keys)).toEqual(key);
  expect(await readdir(keys)).toEqual(['api.key']);
});

test('two keys differ', async () => {
  expect(await createApiKey(join(folder, 'a'))).not.toEqual(await createApiKey(join(folder, 'b')));
});

test.each([
  '',
  'short',
  `${Buffer.alloc(31).toString('base64')}`,
  `${Buffer.alloc(33).toString('base64')}`,
  '*'.repeat(44),
])('a damaged key is refused: %j', async (content) => {
  await mkdir(join(folder, 'keys'));
  await writeFile(apiKeyFile(join(folder, 'keys')), content);
  await expect(readApiKey(join(folder, 'keys'))).rejects.toMatchObject({ code: 'KEY_MISSING' });
  await expect(createApiKey(join(folder, 'keys'))).rejects.toMatchObject({ code: 'KEY_MISSING' });
});

test('a missing key says how to make it', async () => {
  await expect(readApiKey(folder)).rejects.toMatchObject({
    code: 'KEY_MISSING',
    message: expect.stringContaining('tongban init'),
  });
});
