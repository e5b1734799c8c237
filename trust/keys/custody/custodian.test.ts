import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '#proto';
import { SUITE_NAMES, type SuiteName, suiteOf } from '../../suites.ts';
import { opensslContainer, withoutOpenssl } from '../../testing/pkcs12-containers.ts';
import { signerContract } from '../../testing/signer-contract.ts';
import { createFileKeyStore, openFileKeyStore } from '../file-key-store.ts';
import { certificateFile, keyFile } from '../key-folder.ts';
import type { KeyStore } from '../key-store.ts';
import { decryptPrivateKey } from '../pkcs8.ts';
import { Custodian, type CustodyKey } from './custodian.ts';
import { custodyRule, type KeyCustody, type Pkcs12Custody } from './custody.ts';

const NOW = Date.UTC(2026, 10, 1);
const PASSPHRASE = '通办 correct horse';
const noOpenssl = withoutOpenssl();

const base = await mkdtemp(join(tmpdir(), 'tongban-custody-'));
afterAll(() => rm(base, { recursive: true, force: true }));

/** A folder of keys of a suite, made once. */
const folders = new Map<SuiteName, Promise<KeyStore>>();
function folderOf(suite: SuiteName): string {
  return join(base, suite);
}
async function keysOf(suite: SuiteName): Promise<readonly CustodyKey[]> {
  const made = folders.get(suite) ?? createFileKeyStore(folderOf(suite), { suite, passphrase: PASSPHRASE, now: NOW });
  folders.set(suite, made);
  return (await made).list();
}
async function keyOf(suite: SuiteName, purpose: CustodyKey['purpose']): Promise<CustodyKey> {
  return (await keysOf(suite)).find((key) => key.purpose === purpose)!;
}
function custodianOf(suite: SuiteName, passphrase = PASSPHRASE): Custodian {
  return new Custodian({ folder: folderOf(suite), passphrase, servers: new Map(), environment: {} });
}
async function privateKeyOf(suite: SuiteName, key: CustodyKey): Promise<KeyObject> {
  return decryptPrivateKey(await readFile(keyFile(folderOf(suite), key), 'utf8'), PASSPHRASE);
}
/** Parts of the private key in the texts in which they could be written. */
function textsOf(privateKey: KeyObject): string[] {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  // The private number begins after 36 bytes in EC keys, after 16 in Ed25519 keys.
  const secret = der.subarray(der.length > 60 ? 36 : 16).subarray(0, 32);
  return [secret.toString('hex'), secret.toString('base64url').slice(0, 40), der.toString('base64').slice(0, 100)];
}
async function putContainer(suite: SuiteName, file: string, privateKey: KeyObject): Promise<Pkcs12Custody> {
  await writeFile(join(folderOf(suite), file), opensslContainer(privateKey, { passphrase: PASSPHRASE }));
  return { kind: 'pkcs12', file };
}

describe.each(SUITE_NAMES)('with %s', (suite) => {
  signerContract('the file store', async () => {
    const key = await keyOf(suite, 'signing');
    const store = await openFileKeyStore(folderOf(suite), PASSPHRASE);
    const secrets = [...textsOf(await privateKeyOf(suite, key)), PASSPHRASE];
    return { signer: await store.signer('signing'), key, secrets };
  });

  signerContract('an encrypted file', async () => {
    const key = await keyOf(suite, 'certificate');
    const signer = await custodianOf(suite).openSigner({ kind: 'file' }, key);
    return { signer, key, secrets: [...textsOf(await privateKeyOf(suite, key)), PASSPHRASE] };
  });

  signerContract(
    'a PKCS#12 container',
    async () => {
      await keysOf(suite);
      const { privateKey } = suiteOf(suite).generate();
      const custody = await putContainer(suite, 'signing.p12', privateKey);
      const key: CustodyKey = { ...(await custodianOf(suite).findKey(custody)), purpose: 'signing' };
      const signer = await custodianOf(suite).openSigner(custody, key);
      return { signer, key, secrets: [...textsOf(privateKey), PASSPHRASE] };
    },
    noOpenssl,
  );

  it('opens nothing with another passphrase', async () => {
    const key = await keyOf(suite, 'signing');
    const opening = custodianOf(suite, 'wrong').openSigner({ kind: 'file' }, key);
    await expect(opening).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  });

  it('refuses a statement that contradicts itself', async () => {
    const [key, other] = [await keyOf(suite, 'signing'), await keyOf(suite, 'certificate')];
    const another = SUITE_NAMES.find((name) => name !== suite)!;
    for (const wrong of [
      { ...key, suite: another },
      { ...key, kid: other.kid },
      { ...key, publicJwk: {} },
    ])
      await expect(custodianOf(suite).openSigner({ kind: 'file' }, wrong)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
  });

  it('refuses a container that holds another key than the stated one', async ({ skip }) => {
    if (noOpenssl) skip(noOpenssl);
    const key = await keyOf(suite, 'signing');
    const custody = await putContainer(suite, 'other.p12', suiteOf(suite).generate().privateKey);
    await expect(custodianOf(suite).openSigner(custody, key)).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('signing'),
    });
  });
});

describe('a container for TLS', () => {
  let custody: Pkcs12Custody;
  let privateKey: KeyObject;
  beforeAll(async () => {
    if (noOpenssl) return;
    await keysOf('ES256');
    privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    custody = await putContainer('ES256', 'tls.p12', privateKey);
  });

  it('gets a certificate of our making, and is opened with it from then on', async ({ skip }) => {
    if (noOpenssl) skip(noOpenssl);
    const custodian = custodianOf('ES256');
    const made = await custodian.certify(custody, { notBefore: NOW, notAfter: NOW + 86_400_000 });
    expect(made.certificate.subject).toBe(`CN=${made.spki}`);
    const key: CustodyKey = { ...(await keyOf('ES256', 'tls')), kid: 'tls-key-in-p12' };
    await writeFile(certificateFile(folderOf('ES256'), key), made.certificatePem);
    expect(await custodian.openTls(custody, key)).toMatchObject({ spki: made.spki, der: made.der });
  });

  it('is refused with the certificate of another key', async ({ skip }) => {
    if (noOpenssl) skip(noOpenssl);
    const key = await keyOf('ES256', 'tls');
    await expect(custodianOf('ES256').openTls(custody, key)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    expect((await custodianOf('ES256').openTls({ kind: 'file' }, key)).certificate.ca).toBe(false);
  });

  it('signs no messages with RSA', async ({ skip }) => {
    if (noOpenssl) skip(noOpenssl);
    await expect(custodianOf('ES256').findKey(custody)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const key = await keyOf('ES256', 'signing');
    await expect(custodianOf('ES256').openSigner(custody, key)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });
});

describe('the custody of a key in keys.json', () => {
  const problemsOf = (value: unknown) => {
    const problems: Problem[] = [];
    custodyRule(value, '/custody', problems);
    return problems.map(({ pointer }) => pointer);
  };
  const GOOD: readonly KeyCustody[] = [
    { kind: 'file' },
    { kind: 'pkcs12', file: 'ca.p12' },
    { kind: 'pkcs12', file: '/etc/ca.p12', passphraseFile: 'p', friendlyName: '签名', localKeyId: '00ff' },
    { kind: 'pkcs11', module: '/usr/lib/softhsm/libsofthsm2.so', token: '通办', id: '0a01', pinFile: 'pin' },
    { kind: 'remote', signer: 'sdf', key: 'signing-2026' },
  ];

  it.each(GOOD.map((custody) => [custody.kind, custody]))('is taken (%s)', (_, custody) => {
    expect(problemsOf(custody)).toEqual([]);
  });

  it.each([
    [undefined, '/custody/kind'],
    ['file', '/custody/kind'],
    [{ kind: 'toString' }, '/custody/kind'],
    [{ kind: 'file', pin: '1234' }, '/custody/pin'],
    [{ kind: 'pkcs12' }, '/custody/file'],
    [{ kind: 'pkcs12', file: 'a', localKeyId: 'xyz' }, '/custody/localKeyId'],
    [{ kind: 'pkcs11', module: 'lib.so', token: 't', id: '01', pinFile: 'p' }, '/custody/module'],
    [{ kind: 'pkcs11', module: '/lib.so', token: '--pin', id: '01', pinFile: 'p' }, '/custody/token'],
    [{ kind: 'pkcs11', module: '/lib.so', token: 't', id: '--', pinFile: 'p' }, '/custody/id'],
    [{ kind: 'remote', signer: 'a', key: '../keys' }, '/custody/key'],
    [{ kind: 'remote', signer: 'https://a', key: 'k' }, '/custody/signer'],
  ])('is refused with the wrong place (%j)', (custody, pointer) => {
    expect(problemsOf(custody)).toEqual([pointer]);
  });
});
