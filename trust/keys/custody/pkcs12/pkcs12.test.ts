import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { SUITE_NAMES, suiteOf } from '../../../suites.ts';
import {
  forgeContainer,
  joinContainers,
  opensslContainer,
  withIntegrity,
  withoutOpenssl,
} from '../../../testing/pkcs12-containers.ts';
import type { Pkcs12Custody } from '../custody.ts';
import { readContainer } from './container.ts';
import { openPkcs12Key } from './pkcs12.ts';

const PASSPHRASE = '密钥口令 and more';

const rsaKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
/** Only the bytes can be compared: keys of SM2 have no type for `equals`. */
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'der' }).toString('hex');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-p12-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const put = (container: Uint8Array) => writeFile(join(folder, 'ca.p12'), container);
const openKey = (given: Partial<Pkcs12Custody> = {}, passphrase = PASSPHRASE) =>
  openPkcs12Key({ kind: 'pkcs12', file: 'ca.p12', ...given }, folder, passphrase);
const refusal = (code: string, words = '') => ({ code, message: expect.stringContaining(words) });

describe.each<[string, readonly string[]]>([
  ['of OpenSSL 3: PBES2 with AES-256, MAC with SHA-256', []],
  [
    'of older programs: 3DES, RC2, MAC with SHA-1',
    ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  ],
  ['with 3DES for all', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
  ['with AES-128 and SHA-512', ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-128-CBC', '-macalg', 'sha512']],
  ['that is encrypted as a whole', ['-keypbe', 'NONE']],
])('a container %s', (_, args) => {
  const reason = withoutOpenssl(args);

  it.for([...SUITE_NAMES, 'RSA'])('gives its %s key to whom has the passphrase', async (kind, { skip }) => {
    if (reason) skip(reason);
    const privateKey = kind === 'RSA' ? rsaKey() : suiteOf(kind).generate().privateKey;
    await put(opensslContainer(privateKey, { passphrase: PASSPHRASE, args }));
    expect(pkcs8(await openKey())).toBe(pkcs8(privateKey));
    for (const wrong of ['wrong', `${PASSPHRASE} `])
      await expect(openKey({}, wrong)).rejects.toMatchObject(refusal('PASSPHRASE_WRONG', 'ca.p12'));
  });
});

it('reads a container that node-forge wrote', async () => {
  const privateKey = rsaKey();
  await put(forgeContainer(privateKey, PASSPHRASE, 'TLS 密钥'));
  expect(pkcs8(await openKey({ friendlyName: 'TLS 密钥' }))).toBe(pkcs8(privateKey));
});

it('takes the passphrase of the container from its own file', async () => {
  const privateKey = rsaKey();
  await put(forgeContainer(privateKey, 'of the container', 'key'));
  await writeFile(join(folder, 'p12.passphrase'), 'of the container\n', { mode: 0o600 });
  expect(pkcs8(await openKey({ passphraseFile: 'p12.passphrase' }, 'of the folder'))).toBe(pkcs8(privateKey));
  await expect(openKey({ passphraseFile: 'absent' })).rejects.toMatchObject(refusal('CONFIG_INVALID', 'absent'));
});

describe('a container of several keys', () => {
  const [first, second] = [rsaKey(), rsaKey()];
  beforeEach(() =>
    put(
      joinContainers(
        forgeContainer(first, PASSPHRASE, 'signing'),
        forgeContainer(second, PASSPHRASE, 'certificate'),
        PASSPHRASE,
      ),
    ),
  );

  it('gives the one that is named', async () => {
    expect(pkcs8(await openKey({ friendlyName: 'signing' }))).toBe(pkcs8(first));
    expect(pkcs8(await openKey({ friendlyName: 'certificate' }))).toBe(pkcs8(second));
    const { message } = (await openKey().catch((error) => error)) as CodedError;
    const [, localKeyId] = /certificate = ([0-9a-f]{40})/.exec(message) ?? [];
    expect(pkcs8(await openKey({ localKeyId: localKeyId! }))).toBe(pkcs8(second));
  });

  it('gives none when none is named, but says what there is', async () => {
    await expect(openKey()).rejects.toMatchObject(refusal('CONFIG_INVALID', 'signing = '));
    await expect(openKey({ friendlyName: 'another' })).rejects.toMatchObject(refusal('KEY_MISSING', '2 private keys'));
    await expect(openKey({ friendlyName: 'signing', localKeyId: '00' })).rejects.toMatchObject(refusal('KEY_MISSING'));
  });
});

describe('what is not such a container', () => {
  it('is refused when it is absent', async () => {
    await expect(openKey({ file: 'absent.p12' })).rejects.toMatchObject(refusal('KEY_MISSING', 'absent.p12'));
  });

  it('is refused when it is too large', async () => {
    await put(Buffer.alloc(300_000));
    await expect(openKey()).rejects.toMatchObject(refusal('CONFIG_INVALID', 'bytes'));
  });

  it('is refused when it asks for too much work, before the work', async () => {
    await put(withIntegrity(Buffer.of(0x30, 0), PASSPHRASE, 1, 100_000_000));
    await expect(openKey()).rejects.toMatchObject(refusal('CONFIG_INVALID', 'rounds'));
  });

  it('is refused without an integrity check', async ({ skip }) => {
    const reason = withoutOpenssl();
    if (reason) skip(reason);
    await put(opensslContainer(rsaKey(), { passphrase: PASSPHRASE, args: ['-nomac'] }));
    await expect(openKey()).rejects.toMatchObject(refusal('CONFIG_INVALID', 'integrity'));
  });

  it('is refused with the name of an algorithm that is not supported', async ({ skip }) => {
    const reason = withoutOpenssl();
    if (reason) skip(reason);
    await put(opensslContainer(rsaKey(), { passphrase: PASSPHRASE, args: ['-keypbe', 'CAMELLIA-256-CBC'] }));
    await expect(openKey()).rejects.toMatchObject(refusal('CONFIG_INVALID', '1.2.392.200011.61.1.1.1.4'));
  });

  it('is refused when it holds nothing or something else inside', async () => {
    for (const content of [Buffer.of(0x30, 0), Buffer.of(0x04, 0), Buffer.alloc(0)]) {
      await put(withIntegrity(content, PASSPHRASE, 1));
      await expect(openKey()).rejects.toMatchObject(refusal('KEY_MISSING'));
    }
  });

  it('is refused with a code, whatever its bytes are', async () => {
    const container = forgeContainer(rsaKey(), PASSPHRASE, 'key');
    const damage = fc.array(fc.tuple(fc.nat(container.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(damage, fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        const der = bytes instanceof Uint8Array ? Buffer.from(bytes) : Buffer.from(container);
        if (!(bytes instanceof Uint8Array)) for (const [at, value] of bytes) der[at] = value;
        if (der.equals(container)) return;
        const outcome = await readContainer(der, PASSPHRASE, 'ca.p12').catch((error: unknown) => error);
        if (outcome instanceof CodedError)
          expect(['PASSPHRASE_WRONG', 'KEY_MISSING', 'CONFIG_INVALID']).toContain(outcome.code);
        // What is changed outside the protected content may leave it readable.
        else expect(outcome).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });
});
