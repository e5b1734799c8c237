import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { SUITE_NAMES, suiteOf } from '../suites.ts';
import { decryptPrivateKey, encryptPrivateKey } from './pkcs8.ts';

const PASSPHRASE = '密钥口令 with spaces';
const publicPem = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'pem' });

describe.each(SUITE_NAMES)('an encrypted %s key', (suite) => {
  let privateKey: KeyObject;
  let pem: string;
  beforeAll(async () => {
    privateKey = suiteOf(suite).generate().privateKey;
    pem = await encryptPrivateKey(privateKey, PASSPHRASE);
  });

  it('opens with its passphrase, here and in Node itself', () => {
    expect(decryptPrivateKey(pem, PASSPHRASE).equals(privateKey)).toBe(true);
    expect(createPrivateKey({ key: pem, passphrase: PASSPHRASE }).equals(privateKey)).toBe(true);
  });

  it('opens in OpenSSL, which sees PBES2 with scrypt and AES-256', ({ skip }) => {
    if (spawnSync('openssl', ['version']).status !== 0) skip('there is no openssl command here');
    const args = ['pkey', '-passin', `pass:${PASSPHRASE}`, '-pubout'];
    expect(execFileSync('openssl', args, { input: pem }).toString()).toBe(publicPem(privateKey));
    const structure = execFileSync('openssl', ['asn1parse'], { input: pem }).toString();
    expect(structure).toMatch(/:PBES2[\s\S]+:scrypt[\s\S]+INTEGER\s+:4000[\s\S]+:aes-256-cbc/);
  });

  it('does not open with any other passphrase', () => {
    for (const wrong of ['', 'wrong', PASSPHRASE.toUpperCase(), `${PASSPHRASE}\n`])
      expect(() => decryptPrivateKey(pem, wrong)).toThrow(expect.objectContaining({ code: 'PASSPHRASE_WRONG' }));
  });

  it('never looks the same twice', async () => {
    expect(await encryptPrivateKey(privateKey, PASSPHRASE)).not.toBe(pem);
  });
});

it('is not confused with a key in clear or with something else', () => {
  const clear = suiteOf('ES256').generate().privateKey.export({ type: 'pkcs8', format: 'pem' });
  for (const text of [String(clear), '', 'not a key'])
    expect(() => decryptPrivateKey(text, PASSPHRASE)).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
});
