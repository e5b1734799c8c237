import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeyStore } from '../keys/key-store.ts';
import { KEY_LIFETIME_MS } from '../keys/new-keys.ts';
import { type KeyPurpose, STATED_PURPOSES } from '../keys/signer.ts';
import { importPublicJwk, SUITE_NAMES, type SuiteName, suiteOf } from '../suites.ts';

const PURPOSES = ['identity', ...STATED_PURPOSES] as const;

/**
 * What every key store promises. Each implementation runs this over a store it made at `now` (milliseconds).
 */
export function keyStoreContract(
  name: string,
  make: (suite: SuiteName, now: number) => Promise<KeyStore>,
  now: number,
): void {
  describe.each(SUITE_NAMES)(`${name} keeps its promises with %s`, (suite) => {
    let store: KeyStore;
    beforeAll(async () => {
      store = await make(suite, now);
    });

    it.each(PURPOSES)('signs as %s with the key that the list names', async (purpose) => {
      const info = (await store.list()).find((key) => key.purpose === purpose)!;
      const signer = await store.signer(purpose);
      const data = Buffer.from('办件');
      expect(signer.kid).toBe(info.kid);
      expect(signer.publicJwk).toEqual(info.publicJwk);
      const others: Partial<Record<KeyPurpose, SuiteName>> = { log: 'Ed25519', seal: 'ES256' };
      expect(signer.suite).toBe(suite === 'SM2-SM3' ? suite : (others[purpose] ?? suite));
      const signature = await signer.sign(data);
      const { verify } = suiteOf(info.suite);
      expect(verify(importPublicJwk(info.publicJwk), data, signature)).toBe(true);
      expect(verify(importPublicJwk(info.publicJwk), Buffer.from('另案'), signature)).toBe(false);
    });

    it('signs many things at once', async () => {
      const signer = await store.signer('signing');
      const key = importPublicJwk(signer.publicJwk);
      const texts = Array.from({ length: 20 }, (_, index) => Buffer.from(`text ${index}`));
      const signatures = await Promise.all(texts.map((text) => signer.sign(text)));
      expect(texts.every((text, index) => suiteOf(suite).verify(key, text, signatures[index]!))).toBe(true);
    });

    it('has one key for every purpose, all different, named by thumbprint and public only', async () => {
      const keys = await store.list();
      expect(keys.map((key) => key.purpose).sort()).toEqual([...PURPOSES, 'tls'].sort());
      expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length);
      for (const { kid, publicJwk } of keys) {
        expect(await calculateJwkThumbprint(publicJwk)).toBe(kid);
        expect(publicJwk).not.toHaveProperty('d');
      }
    });

    it('dates its keys by their purpose', async () => {
      for (const key of await store.list()) {
        expect(key.notBefore).toBeLessThanOrEqual(now);
        expect(key.notAfter - now).toBeGreaterThan(KEY_LIFETIME_MS[key.purpose] - 1000);
        expect(key.notAfter - now).toBeLessThanOrEqual(KEY_LIFETIME_MS[key.purpose]);
      }
    });

    it('presents a TLS key with its certificate', async () => {
      const tls = await store.tls();
      const info = (await store.list()).find((key) => key.purpose === 'tls')!;
      const inList = spkiBytes(importPublicJwk(info.publicJwk));
      expect(spkiBytes(createPublicKey(tls.privateKeyPem))).toEqual(inList);
      expect(spkiBytes(new X509Certificate(tls.certificatePem).publicKey)).toEqual(inList);
      expect(tls.certificate.raw).toEqual(tls.der);
      expect(tls.notAfter).toBe(info.notAfter);
    });
  });
}

function spkiBytes(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
