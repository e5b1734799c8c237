import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, openFileKeyStore, readKeyFolder, verifyStatement } from '#trust';
import { runTongban, tongban } from '../../testing/gateway-process.ts';

const PASSPHRASE = 'a passphrase for tests';
const DAY = 24 * 60 * 60 * 1000;

interface Row {
  readonly purpose: string;
  readonly kid: string;
  readonly state: string;
  readonly until: number;
  readonly words: { readonly zh: string; readonly en: string };
}

let base: string;
let gateway: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tongban-key-commands-'));
  await writeFile(join(base, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  const where = ['--region', '320600', '--name', '南通网关', '--peer-endpoint', 'nantong.example:7443'];
  await tongban('init', join(base, 'new'), ...where, '--passphrase-file', join(base, 'passphrase'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

beforeEach(async () => {
  count += 1;
  gateway = join(base, `gateway-${count}`);
  await cp(join(base, 'new'), gateway, { recursive: true });
});

const key = (name: string, ...args: string[]) => runTongban('key', name, '--gateway', gateway, ...args);
const keyJson = <T>(name: string, ...args: string[]) => tongban<T>('key', name, '--gateway', gateway, ...args);
const rows = async (purpose: string) =>
  (await keyJson<{ keys: Row[] }>('list')).keys.filter((row) => row.purpose === purpose);
const states = async (purpose: string) => (await rows(purpose)).map(({ state }) => state);
const statement = async () => verifyStatement((await readFile(join(gateway, 'statement.jwt'), 'utf8')).trim());
/** Everything that a command could have changed. */
const everything = async () => {
  const files = (await readdir(gateway, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  const contents = files.map(async (file) => {
    const path = join(file.parentPath, file.name);
    return [path, await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(contents)) as Record<string, string>;
};

describe('key list', () => {
  it('shows every key in both languages, without a passphrase and without a running gateway', async () => {
    await rm(join(base, 'passphrase'));
    const { code, stdout } = await key('list');
    await writeFile(join(base, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
    expect(code).toBe(0);
    for (const words of ['身份密钥 identity', '签名密钥 signing', 'TLS 密钥 TLS', '使用中 in use', '网关 Gateway'])
      expect(stdout).toContain(words);
    const { keys } = JSON.parse((await key('list', '--json')).stdout) as { keys: Row[] };
    expect(keys.map(({ purpose }) => purpose)).toEqual(['identity', 'signing', 'certificate', 'seal', 'log', 'tls']);
    expect(keys[1]).not.toHaveProperty('unknownTo');
  });
});

describe('key rotate', () => {
  it('makes a key of any purpose that is announced at once', async () => {
    const { identity } = await statement();
    for (const [index, purpose] of ['signing', 'certificate', 'seal', 'log', 'tls'].entries()) {
      const { code, stdout } = await key('rotate', purpose, '--overlap', '2d');
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('tongban start') });
      expect(await statement()).toMatchObject({ serial: index + 2, identity });
      const [old, made] = await rows(purpose);
      expect([old, made]).toMatchObject([{ state: 'overlapping' }, { state: 'in-use' }]);
      expect(old!.until - Date.now()).toBeGreaterThan(DAY);
      // Rounded up to whole seconds twice: the end of the key when it is made, and the end that peers are told.
      expect(old!.until - Date.now()).toBeLessThan(2 * DAY + 2000);
    }
  });

  it('makes several at once, or one of each, and names them all in one statement', async () => {
    const two = await keyJson<{ made: { purpose: string }[]; serial: number }>('rotate', 'signing', 'tls');
    expect(two).toMatchObject({ serial: 2, made: [{ purpose: 'signing' }, { purpose: 'tls' }] });
    const all = await keyJson<{ made: { purpose: string }[]; serial: number }>('rotate', '--all');
    expect(all.serial).toBe(3);
    expect(all.made.map(({ purpose }) => purpose)).toEqual(['signing', 'certificate', 'seal', 'log', 'tls']);
    expect(await states('signing')).toEqual(['overlapping', 'overlapping', 'in-use']);
  });

  it.each<[string, [string, ...string[]], string]>([
    ['another purpose', ['rotate', 'king'], 'VALIDATION_FAILED'],
    ['no purpose', ['rotate'], 'VALIDATION_FAILED'],
    ['one purpose twice', ['rotate', 'tls', 'tls'], 'VALIDATION_FAILED'],
    ['an identity key beside others', ['rotate', 'signing', 'identity', '--peers-will-repin'], 'VALIDATION_FAILED'],
    ['a storage key beside others', ['rotate', 'storage', 'signing'], 'VALIDATION_FAILED'],
    ['no duration', ['rotate', 'signing', '--overlap', 'long'], 'VALIDATION_FAILED'],
    ['an identity key by the way', ['rotate', 'identity'], 'VALIDATION_FAILED'],
    ['a passphrase on the command line', ['rotate', 'signing', '--passphrase', 'x'], 'VALIDATION_FAILED'],
  ])('does nothing for %s', async (_, args, code) => {
    const before = await everything();
    expect(await key(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(code) });
    expect(await everything()).toEqual(before);
  });

  it('does nothing with a wrong passphrase, also where the identity key is away', async () => {
    const wrong = join(base, 'wrong');
    await writeFile(wrong, 'another', { mode: 0o600 });
    const attempt = () => key('rotate', 'signing', '--passphrase-file', wrong);
    for (const moved of [false, true]) {
      if (moved) await key('move-identity', join(base, `safe-${count}`));
      const before = await everything();
      expect(await attempt()).toMatchObject({ code: 2, stderr: expect.stringContaining('PASSPHRASE_WRONG') });
      expect(await everything()).toEqual(before);
    }
  });

  it('makes no file of a key that is kept elsewhere, unless that is meant', async () => {
    const index = join(gateway, 'keys', 'keys.json');
    const written = JSON.parse(await readFile(index, 'utf8')) as { keys: { purpose: string; custody?: object }[] };
    const custody = { kind: 'remote', signer: 'server', key: 'sign-1' };
    const keys = written.keys.map((one) => (one.purpose === 'signing' ? { ...one, custody } : one));
    await writeFile(index, JSON.stringify({ ...written, keys }));
    expect(await states('signing')).toEqual(['in-use']);
    const before = await everything();
    const refused = await key('rotate', 'signing');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('tongban key adopt signing') });
    expect(await everything()).toEqual(before);
    expect((await key('rotate', 'signing', '--in-folder')).code).toBe(0);
    expect(await states('signing')).toEqual(['overlapping', 'in-use']);
  });

  it('says how to go on when the keys are changed and the statement is not', async () => {
    await writeFile(join(gateway, 'statement.jwt.lock'), '');
    const { code, stderr } = await key('rotate', 'signing');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('tongban statement --renew') });
    expect(await states('signing')).toEqual(['in-use', 'waiting']);
    await rm(join(gateway, 'statement.jwt.lock'));
    await tongban('statement', '--renew', '--gateway', gateway);
    expect(await states('signing')).toEqual(['overlapping', 'in-use']);
  });

  it('makes a new identity key only when every peer will pin the region again, and says what they have to do', async () => {
    const before = await statement();
    const { code, stdout } = await key('rotate', 'identity', '--peers-will-repin');
    expect(code).toBe(0);
    expect(stdout).toContain('tongban peer repin 320600');
    const after = await statement();
    expect(after).toMatchObject({ serial: 2, previous: before.digest.toString('base64url') });
    expect(after.identity).not.toBe(before.identity);
    expect(stdout).toContain(fingerprintOf(after.identity));
    expect(await states('identity')).toEqual(['ended', 'in-use']);
    await keyJson('rotate', 'signing');
    expect(await statement()).toMatchObject({ serial: 3, identity: after.identity });
  });

  it('makes a new identity key although the old one is lost', async () => {
    const lost = (await readdir(join(gateway, 'keys'))).find((name) => name.startsWith('identity-'))!;
    await rm(join(gateway, 'keys', lost));
    const { serial, fingerprint } = await keyJson<{ serial: number; fingerprint: string }>(
      'rotate',
      'identity',
      '--peers-will-repin',
    );
    expect(serial).toBe(2);
    expect(fingerprint).toBe(fingerprintOf((await statement()).identity));
  });
});

describe('key revoke', () => {
  const kidOf = async (purpose: string) =>
    (await readKeyFolder(join(gateway, 'keys'))).keys.findLast((one) => one.purpose === purpose)!.kid;
  /** After `--`, since a key id may begin with a hyphen. */
  const revoke = (kid: string, ...options: string[]) => key('revoke', ...options, '--', kid);

  it('replaces the only key of a purpose at once', async () => {
    for (const purpose of ['signing', 'certificate', 'seal', 'log', 'tls']) {
      const { code, stdout } = await revoke((await kidOf(purpose)).slice(0, 8));
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('peers refuse everything') });
    }
    expect(await states('tls')).toEqual(['revoked', 'in-use']);
    const { keys, tls, serial } = await statement();
    expect({ serial, certificates: tls.length }).toEqual({ serial: 6, certificates: 1 });
    for (const purpose of ['signing', 'certificate', 'seal', 'log']) {
      const revoked = keys.filter((one) => one.purpose === purpose).map(({ revokedAt }) => revokedAt !== undefined);
      expect(revoked).toEqual([true, false]);
    }
  });

  it('gives no replacement where another key is there, and takes the moment that it is told', async () => {
    const old = await kidOf('signing');
    await keyJson('rotate', 'signing');
    const ran = await revoke(old, '--reason', 'superseded', '--since', '2026-11-20 08:30');
    expect(ran).toMatchObject({ code: 0, stdout: expect.not.stringContaining('Replacement') });
    const at = Date.parse('2026-11-20T08:30:00+08:00');
    expect((await statement()).keys.find(({ kid }) => kid === old)).toMatchObject({ revokedAt: at });
    expect(await rows('signing')).toHaveLength(2);
    expect((await rows('signing'))[0]!.words.zh).toContain('已被取代');
  });

  it.each<[string, () => Promise<string[]>, string]>([
    ['a key that is not there', async () => ['--', 'AAAAAAAA'], 'NOT_FOUND'],
    ['three letters', async () => ['--', (await kidOf('signing')).slice(0, 3)], 'NOT_FOUND'],
    ['the identity key', async () => ['--', await kidOf('identity')], 'CONFLICT'],
    ['a moment to come', async () => ['--since', '2999-01-01', '--', await kidOf('signing')], 'VALIDATION_FAILED'],
    ['a moment that is none', async () => ['--since', 'yesterday', '--', await kidOf('signing')], 'VALIDATION_FAILED'],
    ['a reason that is none', async () => ['--reason', 'why not', '--', await kidOf('signing')], 'VALIDATION_FAILED'],
  ])('of %s does nothing', async (_, args, code) => {
    const before = await everything();
    expect(await key('revoke', ...(await args()))).toMatchObject({ code: 2, stderr: expect.stringContaining(code) });
    expect(await everything()).toEqual(before);
  });

  it('happens once', async () => {
    const kid = await kidOf('signing');
    await revoke(kid);
    const before = await everything();
    expect(await revoke(kid)).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFLICT') });
    expect(await everything()).toEqual(before);
  });

  it('says plainly that it is not in force while the identity key is away', async () => {
    await key('move-identity', join(base, `safe-${count}`));
    const before = await readFile(join(gateway, 'statement.jwt'), 'utf8');
    const { code, stdout } = await revoke(await kidOf('signing'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/NOT IN FORCE YET/);
    expect(stdout).toMatch(/PEERS STILL ACCEPT THIS KEY/);
    expect(await readFile(join(gateway, 'statement.jwt'), 'utf8')).toBe(before);
    expect(await readdir(gateway)).toContain('statement-request.json');
    expect((await rows('signing'))[0]!.words.en).toContain('NOT IN FORCE');
  });
});

describe('key move-identity', () => {
  it('leaves a gateway that works, and says what to write on the envelope and how to bring the key back', async () => {
    const safe = join(base, `safe-${count}`);
    const { identity } = await statement();
    const { code, stdout } = await key('move-identity', safe);
    expect(code).toBe(0);
    expect(stdout).toContain(fingerprintOf(identity));
    expect(stdout).toContain(join(gateway, 'keys'));
    expect(await states('identity')).toEqual(['away']);
    const [file] = await readdir(safe);
    await rename(join(safe, file!), join(gateway, 'keys', file!));
    expect((await (await openFileKeyStore(join(gateway, 'keys'), PASSPHRASE)).signer('identity')).kid).toBe(identity);
    expect(await states('identity')).toEqual(['in-use']);
  });

  it('moves nothing into the folder of the gateway itself, nor twice', async () => {
    await mkdir(join(gateway, 'safe'));
    const before = await everything();
    for (const dir of [gateway, join(gateway, 'safe'), join(gateway, 'keys')])
      expect(await key('move-identity', dir)).toMatchObject({ code: 2 });
    expect(await everything()).toEqual(before);
    await key('move-identity', join(base, `safe-${count}`));
    expect(await key('move-identity', join(base, `safe-${count}`))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('KEY_MISSING'),
    });
  });
});
