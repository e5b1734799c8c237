import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf, openFileKeyStore, verifyStatement } from '#trust';
import { readApiKey } from '../api/token.ts';
import { runTongban } from '../testing/gateway-process.ts';

const PASSPHRASE = 'a passphrase for tests';

let folder: string;
let gateway: string;
let passphrase: string;
let made: { fingerprint: string; statement: string; config: string; endpoint: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-cli-'));
  gateway = join(folder, 'nantong');
  passphrase = join(gateway, 'passphrase');
  await mkdir(gateway);
  await writeFile(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 });
  made = await json(
    'init',
    gateway,
    ...REGION,
    '--peer-endpoint',
    'nantong.example:7443',
    '--passphrase-file',
    passphrase,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const REGION = ['--region', '320600', '--name', '南通网关'];

describe('init', () => {
  it('makes keys, config and a statement of the region, readable by nobody else', async () => {
    const statement = await verifyStatement((await readFile(made.statement, 'utf8')).trim());
    expect(statement).toMatchObject({
      region: '320600',
      name: '南通网关',
      serial: 1,
      endpoint: 'nantong.example:7443',
    });
    expect(made.fingerprint).toBe(fingerprintOf(statement.identity));
    expect((await stat(join(gateway, 'keys'))).mode & 0o077).toBe(0);
    expect((await readdir(gateway)).sort()).toEqual(['gateway.yaml', 'keys', 'passphrase', 'statement.jwt']);
    const keys = await openFileKeyStore(join(gateway, 'keys'), PASSPHRASE);
    expect(statement.keys.map(({ kid }) => kid)).toContain((await keys.signer('signing')).kid);
  });

  it('names a passphrase file inside the folder relative to it', async () => {
    expect(await readFile(made.config, 'utf8')).toContain('passphrase_file: "passphrase"');
  });

  it('never overwrites a gateway', async () => {
    const before = await readFile(made.statement, 'utf8');
    const again = await runTongban('init', gateway, ...REGION, '--passphrase-file', passphrase);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('CONFLICT');
    expect(await readFile(made.statement, 'utf8')).toBe(before);
  });

  it('names every wrong value at once, the passphrase too, and leaves nothing behind', async () => {
    const target = join(folder, 'nowhere', 'else');
    const absent = join(folder, 'absent');
    const options = ['--region', '999999', '--name', '', '--http', 'nonsense', '--passphrase-file', absent];
    const { code, stdout } = await runTongban('init', target, ...options, '--json');
    expect(code).toBe(2);
    expect(errorOf(stdout)).toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: ['/region', '/name', '/http/listen', '/keys/passphrase_file'].map((pointer) => ({ pointer })),
    });
    expect(await readdir(folder)).not.toContain('nowhere');
  });

  it('asks for a passphrase in a file or in the environment, never on the command line', async () => {
    const none = await runTongban('init', join(folder, 'x'), ...REGION, '--passphrase-file', join(folder, 'absent'));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFIG_INVALID') });
    const typed = await runTongban('init', join(folder, 'x'), ...REGION, '--passphrase', 'secret');
    expect(typed).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown option') });
    expect(await readdir(folder)).not.toContain('x');
  });

  it.each(['Ed25519', 'SM2-SM3'])('makes the suite %s on demand', async (suite) => {
    const dir = join(folder, suite);
    const options = ['--region', '150626', '--name', '乌审旗', '--suite', suite, '--passphrase-file', passphrase];
    const other = await json<{ statement: string }>('init', dir, ...options, '--peer-listen', '10.1.2.3:7000');
    const statement = await verifyStatement((await readFile(other.statement, 'utf8')).trim());
    expect(statement).toMatchObject({ suites: [suite], endpoint: '10.1.2.3:7000' });
  });
});

describe('statement', () => {
  it('prints what init made', async () => {
    const shown = await json<{ statement: string; fingerprint: string }>('statement', '--gateway', gateway);
    expect(shown).toMatchObject({
      fingerprint: made.fingerprint,
      statement: (await readFile(made.statement, 'utf8')).trim(),
    });
  });

  it('saves it, and renews it with the next serial and the same identity', async () => {
    const dir = join(folder, 'renewed');
    const before = await json<{ fingerprint: string }>('init', dir, ...REGION, '--passphrase-file', passphrase);
    const out = join(folder, 'copy.jwt');
    const { code } = await runTongban('statement', '--gateway', dir, '--renew', '--out', out);
    expect(code).toBe(0);
    const renewed = await verifyStatement((await readFile(out, 'utf8')).trim());
    expect(renewed.serial).toBe(2);
    expect(fingerprintOf(renewed.identity)).toBe(before.fingerprint);
    expect((await readFile(join(dir, 'statement.jwt'), 'utf8')).trim()).toBe(renewed.jwt);
  });

  it('does not renew with a wrong passphrase', async () => {
    const wrong = join(folder, 'wrong');
    await writeFile(wrong, 'something else', { mode: 0o600 });
    const { code, stderr } = await runTongban('statement', '--gateway', gateway, '--renew', '--passphrase-file', wrong);
    expect(code).toBe(2);
    expect(stderr).toContain('PASSPHRASE_WRONG');
    expect((await verifyStatement((await readFile(made.statement, 'utf8')).trim())).serial).toBe(1);
  });
});

describe('token', () => {
  it('is good for the gateway whose key signed it', async () => {
    const { token } = await json<{ token: string }>(
      'token',
      '--gateway',
      gateway,
      '--role',
      'operator',
      '--subject',
      'hall',
      '--ttl',
      '15m',
    );
    const expected = { issuer: 'urn:tongban:region:320600', audience: 'tongban-api', subject: 'hall' };
    const { payload } = await jwtVerify(token, await readApiKey(join(gateway, 'keys')), expected);
    expect(payload['role']).toBe('operator');
    expect(payload.exp! - payload.iat!).toBe(900);
  });

  it('refuses a role that there is not, a duration that is none and a folder without a gateway', async () => {
    expect((await runTongban('token', '--gateway', gateway, '--role', 'king')).code).toBe(2);
    expect((await runTongban('token', '--gateway', gateway, '--role', 'auditor', '--ttl', 'long')).code).toBe(2);
    const { code, stdout } = await runTongban('token', '--gateway', folder, '--role', 'auditor', '--json');
    expect(code).toBe(2);
    expect(errorOf(stdout).code).toBe('CONFIG_INVALID');
  });
});

describe('usage', () => {
  it('asks for a command, and says where help is', async () => {
    expect(await runTongban()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--help') });
    expect(await runTongban('evidence')).toMatchObject({ code: 2, stdout: '' });
    expect(await runTongban('nonsense')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('VALIDATION_FAILED'),
    });
  });

  it('explains itself in both languages', async () => {
    const help = await runTongban('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/存证包 \/ evidence bundles[\s\S]*退出码/);
    expect((await runTongban('case', 'act', '--help')).stdout).toContain('--data');
    expect((await runTongban('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('says every mistake as JSON too', async () => {
    const { stdout } = await runTongban('token', '--json');
    expect(errorOf(stdout)).toMatchObject({ code: 'VALIDATION_FAILED', problems: [] });
  });
});

describe('a gateway that is not running', () => {
  it('is not reached', async () => {
    const { code, stdout } = await runTongban('peer', 'list', '--gateway', gateway, '--json');
    expect(code).toBe(3);
    expect(errorOf(stdout).code).toBe('GATEWAY_UNREACHABLE');
  });

  it('has no log yet', async () => {
    expect(await runTongban('log', 'verify', '--gateway', gateway)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NOT_FOUND'),
    });
  });

  it('is what the doctor finds wrong, and nothing else', async () => {
    const { code, stdout } = await runTongban('doctor', '--gateway', gateway, '--json');
    const { healthy, findings } = JSON.parse(stdout) as {
      healthy: boolean;
      findings: { what: string; level: string }[];
    };
    expect({ code, healthy }).toEqual({ code: 1, healthy: false });
    expect(findings.filter(({ level }) => level === 'wrong').map(({ what }) => what)).toEqual(['gateway']);
    expect(findings.find(({ what }) => what === 'keys')).toMatchObject({ level: 'fine' });
  });

  it('is examined as far as possible without keys and with a broken config', async () => {
    const dir = join(folder, 'broken');
    await json('init', dir, ...REGION, '--passphrase-file', passphrase);
    await rm(join(dir, 'keys'), { recursive: true });
    const withoutKeys = await runTongban('doctor', '--gateway', dir);
    expect(withoutKeys.stdout).toMatch(/错误 WRONG\s+密钥目录有问题/);
    await writeFile(join(dir, 'gateway.yaml'), 'region: 320600\n');
    const { code, stdout } = await runTongban('doctor', '--gateway', dir);
    expect(code).toBe(1);
    expect(stdout).toContain('CONFIG_INVALID');
  });
});

/** Runs a command that must succeed. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runTongban(...args, '--json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as T;
}

function errorOf(stdout: string): { code: string; message: string; problems: object[] } {
  return (JSON.parse(stdout) as { error: { code: string; message: string; problems: object[] } }).error;
}
