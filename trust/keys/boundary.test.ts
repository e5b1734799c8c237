import { KeyObject } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as face from '../index.ts';
import { everythingIn } from '../testing/everything-in.ts';

const ROOT = join(import.meta.dirname, '../..');
const OPENS_A_KEY = /\b(?:createPrivateKey|decryptPrivateKey|openPkcs12Key|readContainer)\(/;

it('only the room of the keys opens private keys', () => {
  const files = globSync('{proto,trust,adapters,gateway}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !file.endsWith('.test.ts') && !file.includes('/testing/'),
  );
  const opening = files.filter((file) => OPENS_A_KEY.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(files.length).toBeGreaterThan(300);
  // An anchor is no region and has a key file of its own; a new SM2 key is read once before it is anybody's.
  expect(opening.filter((file) => !file.startsWith('trust/keys/')).sort()).toEqual([
    'trust/federation/anchor-key.ts',
    'trust/sm2/sm2-key.ts',
  ]);
});

it('the face of the layer gives out nothing that opens one', () => {
  const openers = ['decryptPrivateKey', 'encryptPrivateKey', 'openPkcs12Key', 'readContainer', 'makeKeys', 'makeKey'];
  expect(openers.filter((name) => name in face)).toEqual([]);
});

it('what the face gives out to reach keys holds none that could be taken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-boundary-'));
  try {
    const passphrase = '密钥口令';
    const store = await face.createFileKeyStore(folder, { suite: 'ES256', passphrase, now: Date.UTC(2026, 10, 1) });
    const context = { folder, passphrase, servers: new Map(), environment: {} };
    const custodian = new face.Custodian(context);
    const [key] = await store.list();
    const signers = [await store.signer('signing'), await custodian.openSigner({ kind: 'file' }, key!)];
    const reached = [store, custodian, await store.list(), ...signers].flatMap(everythingIn);
    expect(reached.filter((value) => value instanceof KeyObject || value === passphrase)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
