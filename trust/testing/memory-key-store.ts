import { createPublicKey } from 'node:crypto';
import type { KeyStore } from '../keys/key-store.ts';
import { makeKeys } from '../keys/new-keys.ts';
import { localSigner } from '../keys/signer.ts';
import type { SuiteName } from '../suites.ts';

/** Keys of a region that live only as long as the test. */
export async function memoryKeyStore(suite: SuiteName, now: number): Promise<KeyStore> {
  const { signing, tls } = await makeKeys(suite, now);
  return {
    signer: async (purpose, kid) => {
      const { info, privateKey } = signing.find(
        (key) => key.info.purpose === purpose && (!kid || key.info.kid === kid),
      )!;
      return localSigner(info.suite, privateKey, createPublicKey(privateKey));
    },
    tls: async () => tls.identity,
    certificate: async () => tls.identity.der,
    list: async () => [...signing, tls].map(({ info }) => info),
  };
}
