import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { derOfRaw, rawOfDer } from './der-signature.ts';
import { generateSm2 } from './sm2-key.ts';
import { sm2Sign, sm2Verify } from './sm2-signature.ts';

const openssl = (...args: string[]) => spawnSync('openssl', args);
const absent = openssl('version').status !== 0;
const MESSAGES = [Buffer.alloc(0), Buffer.from('跨域通办'), randomBytes(1), randomBytes(64), randomBytes(5000)];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tongban-sm2-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const at = (name: string) => join(dir, name);
const rawInput = ['-rawin', '-digest', 'sm3', '-in'];
const userId = (id: string) => ['-pkeyopt', `distid:${id}`];

async function opensslVerifies(key: KeyObject, message: Buffer, signature: Buffer, id: string): Promise<boolean> {
  await writeFile(at('public.pem'), key.export({ type: 'spki', format: 'pem' }));
  await writeFile(at('message'), message);
  await writeFile(at('signature'), derOfRaw(signature)!);
  const files = ['-pubin', '-inkey', at('public.pem'), '-sigfile', at('signature')];
  return openssl('pkeyutl', '-verify', ...files, ...rawInput, at('message'), ...userId(id)).status === 0;
}

async function opensslSigns(key: KeyObject, message: Buffer, id: string): Promise<Buffer> {
  await writeFile(at('private.pem'), key.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(at('message'), message);
  const { stdout } = openssl(
    'pkeyutl',
    '-sign',
    '-inkey',
    at('private.pem'),
    ...rawInput,
    at('message'),
    ...userId(id),
  );
  return rawOfDer(stdout);
}

describe.skipIf(absent)(`against the openssl command line${absent ? ': there is no openssl here' : ''}`, () => {
  const { privateKey, publicKey } = generateSm2();

  it('what we sign verifies there under the default user id and no other', async () => {
    for (const message of MESSAGES)
      expect(await opensslVerifies(publicKey, message, sm2Sign(privateKey, message), '1234567812345678')).toBe(true);
    const signature = sm2Sign(privateKey, MESSAGES[1]!);
    expect(await opensslVerifies(publicKey, MESSAGES[1]!, signature, '8765432187654321')).toBe(false);
  });

  it('what it signs under the default user id, and no other, verifies here', async () => {
    for (const message of MESSAGES) {
      const signature = await opensslSigns(privateKey, message, '1234567812345678');
      expect(sm2Verify(publicKey, message, signature)).toBe(true);
    }
    const other = await opensslSigns(privateKey, MESSAGES[1]!, '8765432187654321');
    expect(sm2Verify(publicKey, MESSAGES[1]!, other)).toBe(false);
  });

  it('its own keys are keys here', async () => {
    const { stdout } = openssl('genpkey', '-algorithm', 'SM2');
    const key = createPrivateKey(stdout);
    const signature = sm2Sign(key, MESSAGES[1]!);
    expect(sm2Verify(createPublicKey(key), MESSAGES[1]!, signature)).toBe(true);
    expect(await opensslVerifies(createPublicKey(key), MESSAGES[1]!, signature, '1234567812345678')).toBe(true);
  });
});
