import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { suiteOf } from '../../../suites.ts';
import { signerContract } from '../../../testing/signer-contract.ts';
import { SoftToken, withoutSoftToken } from '../../../testing/soft-token.ts';
import { localSigner } from '../../signer.ts';
import type { StatedKey } from '../checked-signer.ts';
import { Custodian, type CustodyKey } from '../custodian.ts';
import type { Pkcs11Custody } from '../custody.ts';
import { Pkcs11Tokens } from './pkcs11.ts';

const absent = withoutSoftToken();

let token: SoftToken;
let custody: Pkcs11Custody;
let other: Pkcs11Custody;
let custodian: Custodian;
let key: CustodyKey;
beforeAll(async () => {
  if (absent) return;
  token = await SoftToken.make();
  custody = token.addKey('0a01');
  other = token.addKey('0a02');
  custodian = custodianWith(token.environment);
  key = { ...(await custodian.findKey(custody)), purpose: 'signing' };
});
afterAll(() => token?.remove());

function custodianWith(environment: Readonly<Record<string, string | undefined>>): Custodian {
  return new Custodian({ folder: token.folder, passphrase: 'of the folder', servers: new Map(), environment });
}

signerContract(
  'a PKCS#11 token',
  async () => ({ signer: await custodian.openSigner(custody, key), key, secrets: [token.pin, 'of the folder'] }),
  absent,
);

describe('a key in a PKCS#11 token', () => {
  beforeEach(({ skip }) => {
    if (absent) skip(absent);
  });

  const opening = (given: Partial<Pkcs11Custody>, stated = key) =>
    custodian.openSigner({ ...custody, ...given }, stated);

  it('is refused when it is another than the stated one', async () => {
    await expect(custodian.openSigner(other, key)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it('says what to do when it is not to be found', async () => {
    const missing = (words: string) => ({ code: 'KEY_MISSING', message: expect.stringContaining(words) });
    await expect(opening({ id: 'ffff' })).rejects.toMatchObject(missing('no key with the id ffff'));
    await expect(opening({ token: 'elsewhere' })).rejects.toMatchObject(missing('no token elsewhere'));
    await expect(opening({ module: '/nowhere.so' })).rejects.toMatchObject(missing('/nowhere.so'));
    await expect(custodian.findKey({ ...custody, id: 'ffff' })).rejects.toMatchObject(
      missing('no key with the id ffff'),
    );
    const bare = custodianWith({ ...token.environment, PATH: token.folder });
    await expect(bare.openSigner(custody, key)).rejects.toMatchObject(missing('apt install opensc'));
  });

  it('is not for other suites, nor for TLS', async () => {
    const { privateKey, publicKey } = suiteOf('Ed25519').generate();
    const edwards = { ...(await localSigner('Ed25519', privateKey, publicKey)), purpose: 'log' } as const;
    await expect(opening({}, edwards)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('ES256 only'),
    });
    await expect(custodian.openTls(custody, key)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is asked once with a wrong PIN, and not again, so that the token does not lock itself', async () => {
    const wrong = join(token.folder, 'wrong-pin');
    await writeFile(wrong, '000000\n', { mode: 0o600 });
    const fresh = custodianWith(token.environment);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const error = await fresh.openSigner({ ...custody, pinFile: wrong }, key).catch((reason) => reason);
      expect(error).toMatchObject({ code: 'PASSPHRASE_WRONG', message: expect.stringContaining('CKR_PIN_INCORRECT') });
      expect(error.message).not.toContain('000000');
    }
    await expect(custodianWith(token.environment).openSigner(custody, key)).resolves.toBeDefined();
  });
});

describe('the tool', () => {
  let folder: string;
  const stated: StatedKey = {
    kid: 'k',
    suite: 'ES256',
    publicJwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tongban-tool-'));
    await writeFile(join(folder, 'pin'), '4711\n', { mode: 0o600 });
    return () => rm(folder, { recursive: true, force: true });
  });

  /** Signs with a tool that is this script. */
  async function signWithTool(script: string, timeoutMs?: number): Promise<unknown> {
    await writeFile(join(folder, 'pkcs11-tool'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'pkcs11-tool'), 0o755);
    const PATH = [folder, process.env['PATH']].join(delimiter);
    const environment = { PATH, VENDOR: 'setting', TONGBAN_PASSPHRASE: 'of the folder' };
    const tokens = new Pkcs11Tokens({ folder, environment }, timeoutMs);
    const custody: Pkcs11Custody = { kind: 'pkcs11', module: '/m.so', token: 't', id: '01', pinFile: 'pin' };
    const signer = await tokens.signer(custody, stated);
    return signer.sign(Buffer.from('data')).catch((error) => error);
  }

  it('gets the PIN where other users cannot see it, settings of the vendor, and nothing else of ours', async () => {
    await signWithTool(`env > ${folder}/env; echo "$@" > ${folder}/args; wc -c > ${folder}/input`);
    const [env, args, input] = await Promise.all(
      ['env', 'args', 'input'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    expect(args).toContain('--pin env:TONGBAN_PKCS11_PIN');
    expect(args).not.toContain('4711');
    expect(env).toContain('TONGBAN_PKCS11_PIN=4711');
    expect(env).toContain('VENDOR=setting');
    expect(env).not.toContain('of the folder');
    expect(input!.trim()).toBe('32');
  });

  it.each([
    ['exit 0', 'SIGNER_WRONG'],
    ['head -c 64 /dev/zero', 'SIGNER_WRONG'],
    ['head -c 1000000 /dev/zero', 'SIGNER_REFUSED'],
    ['echo "error: rv = CKR_DEVICE_REMOVED (0x32)" >&2; exit 1', 'SIGNER_UNAVAILABLE'],
    ['echo "error: rv = CKR_PIN_LOCKED (0xa4)" >&2; exit 1', 'PASSPHRASE_WRONG'],
    ['echo "error: rv = CKR_KEY_FUNCTION_NOT_PERMITTED (0x68)" >&2; exit 1', 'SIGNER_REFUSED'],
    ['echo "the secret is 4711" >&2; exit 1', 'SIGNER_REFUSED'],
  ])('is understood when it does: %s', async (script, code) => {
    const error = await signWithTool(script);
    expect(error).toMatchObject({ code, message: expect.not.stringContaining('4711') });
  });

  it('is ended when it takes too long', async () => {
    expect(await signWithTool(`echo $$ > ${folder}/pid; exec sleep 60`, 500)).toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      message: expect.stringContaining('500 ms'),
    });
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });
});
