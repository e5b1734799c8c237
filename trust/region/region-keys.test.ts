import { expect, it } from 'vitest';
import { CodedError } from '#proto';
import type { KeyStore } from '../keys/key-store.ts';
import { memoryKeyStore } from '../testing/index.ts';
import { issueOwnStatement } from './region-keys.ts';
import { verifyStatement } from './statement.ts';

const NOW = Date.UTC(2026, 10, 1);
const CONTENT = {
  region: '150626',
  name: '乌审旗',
  serial: 4,
  previous: 'AAAA',
  endpoint: 'gateway.example:7443',
  contacts: ['值班 0477-0000000'],
  issuedAt: NOW,
  expiresAt: NOW + 1000,
};

it('states all operational keys of the store and its TLS certificate, signed by its identity', async () => {
  const store = await memoryKeyStore('ES256', NOW);
  const statement = await verifyStatement(await issueOwnStatement(store, CONTENT));
  expect(statement).toMatchObject(CONTENT);
  expect(statement.identity).toBe((await store.signer('identity')).kid);
  expect(statement.tls.map(({ spki }) => spki)).toEqual([(await store.tls()).spki]);
  const operational = (await store.list()).filter(({ purpose }) => purpose !== 'identity' && purpose !== 'tls');
  expect(
    statement.keys.map(({ kid, purpose, notBefore, notAfter }) => ({ kid, purpose, notBefore, notAfter })),
  ).toEqual(operational.map(({ kid, purpose, notBefore, notAfter }) => ({ kid, purpose, notBefore, notAfter })));
});

it('says that the identity key is away when it is', async () => {
  const store = await memoryKeyStore('ES256', NOW);
  const away: KeyStore = {
    ...store,
    signer: (purpose) =>
      purpose === 'identity' ? Promise.reject(new CodedError('KEY_MISSING')) : store.signer(purpose),
  };
  await expect(issueOwnStatement(away, CONTENT)).rejects.toMatchObject({ code: 'KEY_MISSING' });
});
