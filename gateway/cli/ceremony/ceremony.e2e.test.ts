import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, type RegionStatement, verifyStatement } from '#trust';
import { runTongban, tongban } from '../../testing/gateway-process.ts';

interface Signed {
  readonly signed: boolean;
  readonly changes: readonly { readonly zh: string; readonly en: string }[];
}

let base: string;
/** A gateway whose identity key is in the safe. */
let gateway: string;
let identity: string;
let before: RegionStatement;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tongban-ceremony-'));
  await writeFile(join(base, 'passphrase'), 'a passphrase for tests\n', { mode: 0o600 });
  const where = ['--region', '320600', '--name', '南通网关', '--peer-endpoint', 'nantong.example:7443'];
  await tongban('init', join(base, 'new'), ...where, '--passphrase-file', join(base, 'passphrase'));
  const { file } = await tongban<{ file: string }>(
    'key',
    'move-identity',
    join(base, 'safe'),
    '--gateway',
    join(base, 'new'),
  );
  identity = file;
});
afterAll(() => rm(base, { recursive: true, force: true }));

beforeEach(async () => {
  count += 1;
  gateway = join(base, `gateway-${count}`);
  await cp(join(base, 'new'), gateway, { recursive: true });
  before = await statement();
});

const statement = async (file = join(gateway, 'statement.jwt')) =>
  verifyStatement((await readFile(file, 'utf8')).trim());
const here = (name: string) => join(base, `${count}-${name}`);
const withKey = (key = identity) => ['--identity', key, '--passphrase-file', join(base, 'passphrase')];
const sign = (request: string, ...options: string[]) =>
  runTongban('statement', 'sign', request, '--out', here('signed.jwt'), ...withKey(), ...options);
const install = (...options: string[]) =>
  runTongban('statement', 'install', here('signed.jwt'), '--gateway', gateway, ...options);
const exists = (file: string) =>
  readFile(file).then(
    () => true,
    () => false,
  );

async function request(): Promise<string> {
  await tongban('statement', 'request', '--gateway', gateway, '--out', here('request.json'));
  return here('request.json');
}

interface RequestJson {
  readonly current: string;
  readonly statement: {
    readonly issuedAt: number;
    readonly keys: readonly { readonly jwk: object; readonly revoked?: object }[];
  };
}
type Change = (request: RequestJson) => object;

const saying =
  (changes: object): Change =>
  (request) => ({ ...request, statement: { ...request.statement, ...changes } });
const withoutLastKey: Change = (request) => saying({ keys: request.statement.keys.slice(0, -1) })(request);

/** A request as somebody changed it on the way. */
async function changed(change: Change): Promise<string> {
  const value = JSON.parse(await readFile(await request(), 'utf8')) as RequestJson;
  await writeFile(here('request.json'), JSON.stringify(change(value)));
  return here('request.json');
}

describe('the ceremony of an identity key in a safe', () => {
  it('carries a rotation to an offline machine and back', async () => {
    const { request: asked, inForce } = await tongban<{ request: string; inForce: boolean }>(
      'key',
      'rotate',
      'signing',
      '--gateway',
      gateway,
    );
    expect(inForce).toBe(false);
    expect((await statement()).jwt).toBe(before.jwt);

    const looked = await sign(asked);
    expect(looked).toMatchObject({ code: 0, stdout: expect.stringContaining('NOTHING WAS SIGNED') });
    expect(looked.stdout).toMatch(/增加签名密钥[\s\S]*adds the signing key/);
    expect(looked.stdout).toContain(fingerprintOf(before.identity));
    expect(await exists(here('signed.jwt'))).toBe(false);

    const { signed, changes } = JSON.parse((await sign(asked, '--yes', '--json')).stdout) as Signed;
    expect(signed).toBe(true);
    expect(changes.map(({ en }) => en.split(' ').slice(0, 3).join(' '))).toEqual([
      'serial 1 →',
      expect.stringMatching(/^valid /),
      'the signing key',
      'adds the signing',
    ]);
    const { code, stdout } = await install();
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('statement 2 is installed') });
    expect(await statement()).toMatchObject({ serial: 2, identity: before.identity });
    expect(await readdir(gateway)).not.toContain('statement-request.json');
    const { keys } = await tongban<{ keys: { purpose: string; state: string }[] }>('key', 'list', '--gateway', gateway);
    const states = keys.filter(({ purpose }) => purpose === 'signing').map(({ state }) => state);
    expect(states).toEqual(['overlapping', 'in-use']);
  });

  it('is asked for by a renewal too', async () => {
    const { code, stdout } = await runTongban('statement', '--renew', '--gateway', gateway);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('NOT IN FORCE YET') });
    expect((await statement()).jwt).toBe(before.jwt);
    expect((await sign(join(gateway, 'statement-request.json'), '--yes')).code).toBe(0);
    expect((await install()).code).toBe(0);
    expect((await statement()).serial).toBe(2);
  });

  it('shows every change in words, the dangerous ones in capitals', async () => {
    const revoked = { at: before.issuedAt, reason: 'compromised' };
    const asked = await changed((value) => {
      const keys = value.statement.keys.slice(0, -1).with(0, { ...value.statement.keys[0]!, revoked });
      return saying({ endpoint: 'elsewhere.example:7443', keys, tls: [] })(value);
    });
    const { stdout } = await sign(asked);
    for (const words of ['elsewhere.example:7443', 'REVOKES', 'FORGETS', 'takes out the TLS certificate'])
      expect(stdout).toContain(words);
  });

  it('ends at the gateway for a statement that would not do, whoever signed it', async () => {
    await sign(await changed(withoutLastKey), '--yes');
    expect(await install()).toMatchObject({ code: 1, stderr: expect.stringContaining('STATEMENT_INVALID') });
    await sign(await changed(saying({ tls: [] })), '--yes');
    expect(await install()).toMatchObject({ code: 2, stderr: expect.stringContaining('KEY_MISSING') });
    expect((await statement()).jwt).toBe(before.jwt);
  });

  it('installs a statement once, and none that another one has overtaken', async () => {
    await sign(await request(), '--yes');
    expect((await install()).code).toBe(0);
    const installed = (await statement()).jwt;
    expect(await install()).toMatchObject({ code: 1, stderr: expect.stringContaining('STATEMENT_STALE') });
    expect((await statement()).jwt).toBe(installed);
  });

  it('installs no statement of another region', async () => {
    const other = join(base, `other-${count}`);
    const where = ['--region', '150626', '--name', '乌审旗', '--passphrase-file', join(base, 'passphrase')];
    await tongban('init', other, ...where);
    await cp(join(other, 'statement.jwt'), here('signed.jwt'));
    expect(await install('--new-identity')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('FINGERPRINT_MISMATCH'),
    });
    expect((await statement()).jwt).toBe(before.jwt);
  });
});

describe('signing a request', () => {
  it('is refused when a request carries a forged statement', async () => {
    const asked = await changed((value) => ({ ...value, current: `${value.current.slice(0, -4)}AAAA` }));
    const ran = await sign(asked, '--yes', '--new-identity');
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('SIGNATURE_INVALID') });
    expect(await exists(here('signed.jwt'))).toBe(false);
  });

  it('is refused with another key than that of the current statement, unless that is meant', async () => {
    const other = join(base, `other-${count}`);
    const where = ['--region', '320600', '--name', '南通网关', '--passphrase-file', join(base, 'passphrase')];
    await tongban('init', other, ...where);
    const file = (await readdir(join(other, 'keys'))).find((name) => name.startsWith('identity-'))!;
    const key = withKey(join(other, 'keys', file));
    const asked = await request();
    const run = (...options: string[]) =>
      runTongban('statement', 'sign', asked, '--out', here('signed.jwt'), ...key, '--yes', ...options);
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining('FINGERPRINT_MISMATCH') });
    expect(await exists(here('signed.jwt'))).toBe(false);
    expect(await run('--new-identity')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('ANOTHER IDENTITY KEY'),
    });
    // The gateway takes nobody for its identity key who is not in its own folder.
    expect(await install('--new-identity')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('FINGERPRINT_MISMATCH'),
    });
    expect((await statement()).jwt).toBe(before.jwt);
  });

  it('is refused with a wrong passphrase', async () => {
    await writeFile(here('wrong'), 'another', { mode: 0o600 });
    const ran = await sign(await request(), '--yes', '--passphrase-file', here('wrong'));
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('PASSPHRASE_WRONG') });
    expect(await exists(here('signed.jwt'))).toBe(false);
  });
});
