import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SUITE_NAMES, suiteOf } from '../suites.ts';
import { openHolderKey } from './holder-key.ts';
import { encryptPrivateKey } from './pkcs8.ts';

const nobody = () => Promise.reject(new Error('nobody is asked'));

describe.each(SUITE_NAMES)('the key of a holder, %s', (name) => {
  const suite = suiteOf(name);
  const { privateKey, publicKey } = suite.generate();
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it('signs as PEM, open or encrypted', async () => {
    const encrypted = await encryptPrivateKey(privateKey, 'correct horse');
    for (const signer of [
      await openHolderKey(pem, nobody),
      await openHolderKey(encrypted, () => Promise.resolve('correct horse')),
    ]) {
      const data = Buffer.from('presented');
      expect(signer.suite).toBe(name);
      expect(suite.verify(publicKey, data, await signer.sign(data))).toBe(true);
    }
    await expect(openHolderKey(encrypted, () => Promise.resolve('wrong'))).rejects.toMatchObject({
      code: 'PASSPHRASE_WRONG',
    });
  });
});

it('is read as a private JWK', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = await openHolderKey(JSON.stringify(privateKey.export({ format: 'jwk' })), nobody);
  expect(signer.suite).toBe('Ed25519');
});

it.each([
  ['nothing', ''],
  ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['another kind of key', generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ['broken JSON', '{"kty":'],
])('is not %s', async (_, text) => {
  await expect(openHolderKey(text, nobody)).rejects.toMatchObject({ code: 'KEY_MISSING' });
});
