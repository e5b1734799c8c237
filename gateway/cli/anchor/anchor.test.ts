import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ANCHOR_FILES,
  fingerprintOf,
  issueConformanceResult,
  readJws,
  readSubordinate,
  type TrustedAnchor,
  trustBelow,
  trustPinned,
  type VouchedRegion,
  verifyTrustMark,
  vouchFor,
} from '#trust';
import { PASSED, type ThrowawayRegion, throwawayRegion } from '../../../trust/testing/index.ts';
import { runTongban } from '../../testing/gateway-process.ts';
import { runCli } from '../program.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

let folder: string;
let passphrase: string;
let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let national: string;
let jiangsu: string;
let now: number;

beforeAll(async () => {
  now = NOW;
  folder = await mkdtemp(join(tmpdir(), 'tongban-anchor-cli-'));
  passphrase = join(folder, 'passphrase');
  await writeFile(passphrase, 'a passphrase for tests\n', { mode: 0o600 });
  nantong = await throwawayRegion('320600', { now: NOW - 200 * DAY_MS });
  uxin = await throwawayRegion('150626', { now: NOW });
  for (const { region, jwt } of [nantong, uxin]) await writeFile(join(folder, `${region}.jwt`), `${jwt}\n`);
  national = join(folder, 'national');
  jiangsu = join(folder, 'jiangsu');
  await init(national, 'national');
  await init(jiangsu, 'jiangsu', '--prefix', '32', '--suite', 'Ed25519');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const init = (dir: string, name: string, ...more: string[]) =>
  json<{ fingerprint: string }>(
    dir,
    'init',
    dir,
    '--name',
    name,
    '--title',
    `锚点 ${name}`,
    '--url',
    urlOf(name),
    ...more,
  );
const urlOf = (name: string) => `https://${name}.example/tongban/`;
const file = (name: string) => join(folder, name);
const fingerprint = ({ identity }: ThrowawayRegion) => fingerprintOf(identity.kid);
const published = (name: string, path: string) => readFile(join(folder, `${name}-www`, path), 'utf8');

/** Runs a command in this process, at the moment `now`. */
async function tongban(dir: string, command: string, ...args: string[]) {
  const signing = ['init', 'issue', 'publish'].includes(command) ? ['--passphrase-file', passphrase] : [];
  const where = command === 'init' ? [] : ['--anchor', dir];
  return inProcess('anchor', command, ...args, ...where, ...signing, '--json');
}

async function inProcess(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    const context = { clock: { now: () => now }, passphrase: undefined, stdin: async () => '' };
    return { code: await runCli(argv, context), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Runs a command that must succeed. */
async function json<T>(dir: string, command: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await tongban(dir, command, ...args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

/** Runs a command that must fail. @returns exit code and code of the error */
async function fault(dir: string, command: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await tongban(dir, command, ...args);
  return `${code} ${(JSON.parse(stdout) as { error: { code: string } }).error.code}`;
}

const publish = (name: string, ...more: string[]) =>
  json<{ serial: number; notes: string[] }>(file(name), 'publish', '--out', file(`${name}-www`), ...more);

/** Follows the published files to an anchor, as a gateway does. */
async function trusted(name: string, superior?: TrustedAnchor, by?: string): Promise<TrustedAnchor> {
  const papers = {
    index: await published(name, ANCHOR_FILES.index),
    configuration: await published(name, ANCHOR_FILES.configuration),
    revocations: await published(name, ANCHOR_FILES.revocations),
  };
  const { kid } = JSON.parse(await readFile(join(folder, name, 'anchor.json'), 'utf8')) as { kid: string };
  if (!superior) return trustPinned(papers, { identity: kid }, now);
  const said = await readSubordinate(superior, name, await published(by!, ANCHOR_FILES.subordinate(name)), now);
  return trustBelow(superior, said, papers, now);
}

async function vouched(anchor: TrustedAnchor, region: string): Promise<VouchedRegion> {
  const said = await readSubordinate(
    anchor,
    region,
    await published(anchor.name, ANCHOR_FILES.subordinate(region)),
    now,
  );
  return vouchFor(anchor, said, await published(anchor.name, ANCHOR_FILES.statement(region)));
}

describe('anchor init', () => {
  it('makes one encrypted key and a record, for nobody else to read, and never overwrites them', async () => {
    expect((await readdir(national)).sort()).toEqual(['anchor.json', 'key.pem']);
    expect((await stat(national)).mode & 0o077).toBe(0);
    expect(await readFile(join(national, 'key.pem'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
    const before = await readFile(join(national, 'key.pem'));
    const again = ['init', national, '--name', 'other', '--title', 'x', '--url', urlOf('other')] as const;
    expect(await fault(national, ...again)).toBe('2 CONFLICT');
    expect(await readFile(join(national, 'key.pem'))).toEqual(before);
  });

  it.each([
    ['--name', 'National'],
    ['--name', 'a320600'],
    ['--url', 'https://x.example/folder'],
    ['--url', 'ftp://x.example/'],
    ['--prefix', '32x'],
  ])('refuses %s %s, and makes nothing', async (option, value) => {
    const options = { '--name': 'other', '--title': 'x', '--url': urlOf('other'), [option]: value };
    const dir = file('refused');
    expect(await fault(dir, 'init', dir, ...Object.entries(options).flat())).toBe('2 VALIDATION_FAILED');
    expect(await readdir(folder)).not.toContain('refused');
  });
});

describe('anchor enroll', () => {
  it('wants the fingerprint that the operators compared', async () => {
    expect(await fault(national, 'enroll', file('150626.jwt'))).toBe('1 FINGERPRINT_MISMATCH');
    const wrong = ['enroll', file('150626.jwt'), '--fingerprint', fingerprint(nantong)] as const;
    expect(await fault(national, ...wrong)).toBe('1 FINGERPRINT_MISMATCH');
    expect((await json<{ members: unknown[] }>(national, 'list')).members).toEqual([]);
  });

  it('refuses what the anchor bound itself not to vouch for, and what is no statement', async () => {
    const outside = ['enroll', file('150626.jwt'), '--fingerprint', fingerprint(uxin)] as const;
    expect(await fault(jiangsu, ...outside)).toBe('1 CHAIN_CONSTRAINT');
    await writeFile(file('nonsense.jwt'), 'hello');
    expect(await fault(jiangsu, 'enroll', file('nonsense.jwt'), '--fingerprint', 'x')).toBe('1 JWS_INVALID');
    expect((await json<{ members: unknown[] }>(jiangsu, 'list')).members).toEqual([]);
  });

  it('takes the newer statement of an enrolled identity without a fingerprint, and no older or other one', async () => {
    await json(jiangsu, 'enroll', file('320600.jwt'), '--fingerprint', fingerprint(nantong));
    const newer = await nantong.restate({ serial: 2 });
    await writeFile(file('newer.jwt'), newer.jwt);
    await json(jiangsu, 'enroll', file('newer.jwt'));
    expect(await fault(jiangsu, 'enroll', file('320600.jwt'))).toBe('1 STATEMENT_STALE');
    const thief = await throwawayRegion('320600', { now: NOW });
    await writeFile(file('thief.jwt'), thief.jwt);
    expect(await fault(jiangsu, 'enroll', file('thief.jwt'), '--fingerprint', fingerprint(thief))).toBe('2 CONFLICT');
    expect(await readFile(join(jiangsu, 'statements', '320600.jwt'), 'utf8')).toBe(newer.jwt);
  });
});

describe('what an anchor publishes', () => {
  it('leads a gateway from the national anchor through a provincial one to a region', async () => {
    await json(jiangsu, 'issue');
    const first = await publish('jiangsu');
    expect(first).toMatchObject({ serial: 1, files: 5 });
    const configuration = file('jiangsu-www/.well-known/openid-federation');
    const { fingerprint: ofJiangsu } = await json<{ fingerprint: string }>(jiangsu, 'list');
    await json(
      national,
      'enroll',
      configuration,
      '--fingerprint',
      ofJiangsu,
      '--prefix',
      '32',
      '--max-path-length',
      '0',
    );
    await json(national, 'enroll', file('150626.jwt'), '--fingerprint', fingerprint(uxin));
    const unissued = await publish('national');
    expect(unissued.notes.filter((note) => note.includes('anchor issue'))).toHaveLength(2);
    await json(national, 'issue');
    await publish('national');
    const top = await trusted('national');
    expect((await vouched(top, '150626')).statement.identity).toBe(uxin.identity.kid);
    const below = await trusted('jiangsu', top, 'national');
    expect(await vouched(below, '320600')).toMatchObject({ statement: { serial: 2 } });
  });

  it('counts its serials up, and carries only the identity keys of others', async () => {
    const again = await publish('national');
    expect(again.serial).toBe(3);
    const { header, payload } = readJws(await published('national', ANCHOR_FILES.subordinate('150626')));
    expect(header).toMatchObject({ typ: 'entity-statement+jwt' });
    expect(payload).toMatchObject({ iss: 'urn:tongban:anchor:national', sub: 'urn:tongban:region:150626', jti: '1' });
    const { keys } = payload['jwks'] as { keys: object[] };
    expect(keys).toHaveLength(1);
    const said = readJws(await published('national', ANCHOR_FILES.subordinate('jiangsu'))).payload;
    expect(said['constraints']).toEqual({
      // It is a level itself, as the national anchor counts.
      max_path_length: 1,
      naming_constraints: { permitted: ['urn:tongban:region:32'] },
    });
  });

  it('can be read by a web server, leaves unchanged files alone and strangers too', async () => {
    const path = file('national-www/subordinates/150626.jwt');
    const before = await stat(path);
    expect(before.mode & 0o444).toBe(0o444);
    await writeFile(file('national-www/index.html'), 'hello');
    await mkdir(file('national-www/statements'), { recursive: true });
    await writeFile(file('national-www/statements/110000.jwt'), 'left behind');
    await publish('national');
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
    expect((await readdir(file('national-www'))).includes('index.html')).toBe(true);
    expect(await readdir(file('national-www/statements'))).toEqual(['150626.jwt']);
  });

  it('says which statements end before it does', async () => {
    await json(national, 'issue', '150626', '--days', '5');
    const { notes } = await publish('national', '--days', '30');
    expect(notes.filter((note) => note.startsWith('150626'))).toHaveLength(1);
    expect((await vouched(await trusted('national'), '150626')).expiresAt).toBeLessThan(now + 6 * DAY_MS);
  });

  it('needs the right passphrase, and changes nothing without it', async () => {
    const wrong = file('wrong');
    await writeFile(wrong, 'something else', { mode: 0o600 });
    const before = await published('national', ANCHOR_FILES.index);
    const options = ['--anchor', national, '--out', file('national-www'), '--passphrase-file', wrong, '--json'];
    const { stdout, code } = await inProcess('anchor', 'publish', ...options);
    expect(code).toBe(2);
    expect(stdout).toContain('PASSPHRASE_WRONG');
    expect(await published('national', ANCHOR_FILES.index)).toBe(before);
  });
});

describe('trust marks', () => {
  const result = { ...PASSED, target: '150626', tester: '320600', failed: 0, skipped: 0 };
  const signed = async (changes: Partial<typeof result & { identity: string }> = {}) => {
    const facts = { ...result, identity: uxin.identity.kid, testedAt: NOW, ...changes };
    const path = file(`result-${Object.keys(changes).join('-')}.jwt`);
    await writeFile(path, `${await issueConformanceResult(nantong.signing, facts)}\n`);
    return path;
  };

  it('are made of a passed result, and count for the region', async () => {
    const tester = ['--tester', file('320600.jwt')];
    const { mark } = await json<{ mark: object }>(national, 'issue', '--result', await signed(), ...tester);
    expect(mark).toMatchObject({ region: '150626', type: 'conformance-core' });
    await json(national, 'issue', '150626');
    await publish('national');
    const region = await vouched(await trusted('national'), '150626');
    const jwt = await published('national', ANCHOR_FILES.mark('150626', 'conformance-core'));
    expect(verifyTrustMark(jwt, region, 'conformance-core', now)).toMatchObject({ issuer: 'national' });
    expect(readJws(jwt).payload['conformance']).toMatchObject({
      plan: 'core',
      version: 1,
      tester: 'urn:tongban:region:320600',
      report_digest: PASSED.reportDigest,
      passed: 40,
    });
  });

  it.each([
    ['failed checks', { failed: 1 }, '1 TRUST_MARK_INVALID'],
    ['skipped checks', { skipped: 1 }, '1 TRUST_MARK_INVALID'],
    ['no checks at all', { passed: 0 }, '1 TRUST_MARK_INVALID'],
    ['a target that is not enrolled', { target: '350500' }, '2 NOT_FOUND'],
    ['another identity of the target', { identity: 'C'.repeat(43) }, '1 FINGERPRINT_MISMATCH'],
    ['a day long past', { testedAt: NOW - 91 * DAY_MS }, '1 TRUST_MARK_INVALID'],
    ['a day to come', { testedAt: NOW + DAY_MS }, '1 TRUST_MARK_INVALID'],
  ])('are not made of a result with %s', async (_what, changes, code) => {
    const before = await readFile(join(national, 'anchor.json'), 'utf8');
    const path = await signed(changes);
    expect(await fault(national, 'issue', '--result', path, '--tester', file('320600.jwt'))).toBe(code);
    expect(await readFile(join(national, 'anchor.json'), 'utf8')).toBe(before);
  });

  it('are not made on the word of a region that nobody knows', async () => {
    expect(await fault(national, 'issue', '--result', await signed())).toBe('2 NOT_FOUND');
    const other = ['--tester', file('150626.jwt')];
    expect(await fault(national, 'issue', '--result', await signed(), ...other)).toBe('1 KEY_UNKNOWN');
  });

  it('can be withdrawn alone', async () => {
    const terms = ['--mark', 'conformance-core', '--reason', '复测未通过'];
    await json(national, 'revoke', '150626', ...terms);
    await publish('national');
    expect(await readdir(file('national-www/marks'))).toEqual([]);
    expect((await vouched(await trusted('national'), '150626')).statement.region).toBe('150626');
    const { payload } = readJws(await published('national', ANCHOR_FILES.revocations));
    expect(payload['revoked']).toMatchObject([{ sub: 'urn:tongban:region:150626', reason: '复测未通过' }]);
    expect(await fault(national, 'revoke', '150626', ...terms)).toBe('2 NOT_FOUND');
  });
});

describe('anchor revoke', () => {
  it('withdraws all that was ever said of a member, with a date and a reason', async () => {
    const { withdrawn } = await json<{ withdrawn: { serial: number }[] }>(
      national,
      'revoke',
      '150626',
      '--reason',
      '退出',
    );
    expect(withdrawn.length).toBeGreaterThan(1);
    await publish('national');
    const anchor = await trusted('national');
    expect([...withdrawn.map(({ serial }) => serial)].every((serial) => anchor.revoked.has(serial))).toBe(true);
    expect(anchor.index.files.has(ANCHOR_FILES.subordinate('150626'))).toBe(false);
    expect(await readdir(file('national-www/subordinates'))).toEqual(['jiangsu.jwt']);
    expect(await fault(national, 'revoke', '150626', '--reason', 'x')).toBe('2 NOT_FOUND');
    expect(await fault(national, 'issue', '150626')).toBe('2 NOT_FOUND');
  });

  it('says of an anchor that is none', async () => {
    expect(await fault(folder, 'list')).toBe('2 NOT_FOUND');
  });

  it('is a command like any other', async () => {
    const { code, stdout, stderr } = await runTongban('anchor', 'list', '--anchor', national);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/锚点 Anchor +national/);
    expect((await runTongban('anchor', '--help')).stdout).toContain('publish');
  });
});
