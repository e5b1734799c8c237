import { spawn } from 'node:child_process';
import { appendFile, chmod, chown, cp, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { fingerprintOf, moveIdentityKey, rotateKey } from '#trust';
import { throwawayRegion } from '../../../trust/testing/index.ts';
import { forgetKeys } from '../../../trust/testing/older-key-folder.ts';
import { createApiKey } from '../../api/token.ts';
import { CONFIG_FILE, loadConfig } from '../../config/config.ts';
import { SqliteConnection } from '../../store/sqlite/sqlite-connection.ts';
import { makeRegionFolder, openLiveRegion, removeFolders, TEST_PASSPHRASE, until } from '../../testing/live-region.ts';
import type { Finding } from './finding.ts';
import { examined } from './testing/examined.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CLI = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A region that has run: with a database, a pinned peer that cannot be reached, and a log of some entries. */
let origin: string;
/** A copy of it that a test may damage. */
let folder: string;

beforeAll(async () => {
  origin = await makeRegionFolder('320600');
  await createApiKey(join(origin, 'keys'));
  const live = await openLiveRegion(origin);
  const peer = await throwawayRegion('150626', { now: Date.now(), endpoint: '127.0.0.1:1' });
  await live.core.peers.pin(peer.jwt, fingerprintOf(peer.statement.identity));
  for (let count = 0; count < 3; count += 1) {
    const outgoing = { peer: '150626', conversation: live.core.newId(), name: 'Ping', payload: { note: '' } } as const;
    await live.core.store.write((tx) => live.core.outbox.enqueue(tx, outgoing));
  }
  await until('the log', () => live.core.evidence.size === 3);
  await live.stop();
  await appendFile(join(origin, CONFIG_FILE), `calendar: { holidays: [${knownYears()}] }\n`);
});

afterAll(() => removeFolders(origin));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-doctor-'));
  await cp(origin, folder, { recursive: true, preserveTimestamps: true });
  return () => removeFolders(folder);
});

/** Days of this year and the next, so that the test knows their holidays whenever it runs. */
function knownYears(): string {
  const year = new Date().getUTCFullYear();
  return [year, year + 1].map((one) => `'${one}-01-01'`).join(', ');
}

const offline = (options: Parameters<typeof examined>[1] = {}) => examined(folder, { offline: true, ...options });
const database = () => join(folder, 'gateway.db');

async function sql(text: string): Promise<void> {
  const connection = new SqliteConnection(database());
  connection.execute(text);
  connection.close();
}

/** Every trouble says in both languages what it is and what to do, and names a page. */
function expectWords(findings: readonly Finding[], zh: string, page: string): void {
  expect(findings.length).toBeGreaterThan(0);
  expect(findings[0]).toMatchObject({
    zh: expect.stringContaining(zh),
    en: expect.stringMatching(/[a-z]/),
    todo: { zh: expect.stringMatching(/\p{Script=Han}|chmod/u), en: expect.stringMatching(/[a-z]/) },
    page: `docs/runbooks/${page}.md`,
  });
}

test('a gateway that is well has nothing wrong, and only its identity key should go into a safe', async () => {
  const report = await offline();
  expect(report).toMatchObject({ exit: 0, healthy: true });
  expect(report.named('wrong')).toEqual([]);
  expect(report.named('warning')).toEqual(['identity key']);
  expect(report.named('skipped')).toEqual(['network']);
  expect(report.named('fine')).toEqual([
    'config',
    'system',
    'key folder',
    'keys',
    'validity',
    'disk',
    'database',
    'log',
    'encryption at rest',
    'clock',
    'calendar',
    'peer 150626',
  ]);
  expect(report.text).toContain('1 处需要留意 / 1 to be attended to');
});

test('looking changes nothing in the folder', async () => {
  const before = (await readdir(folder, { recursive: true })).toSorted();
  await offline();
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(before);
});

describe('the config and the passphrase', () => {
  it('are wrong when they cannot be read', async () => {
    expectWords(
      (await offline({ passphraseFile: join(folder, 'absent') })).troubles('passphrase'),
      '口令',
      'key-folder',
    );
    await writeFile(join(folder, 'gateway.yaml'), 'region: 320600\n');
    const report = await offline();
    expect(report).toMatchObject({ exit: 1, healthy: false, findings: [{ what: 'config', level: 'wrong' }] });
    expectWords(report.findings, 'CONFIG_INVALID', 'gateway-down');
  });

  it('warn of a passphrase file that others can read', async () => {
    const passphraseFile = join(folder, 'passphrase');
    await writeFile(passphraseFile, TEST_PASSPHRASE, { mode: 0o644 });
    expectWords((await offline({ passphraseFile })).troubles('passphrase'), '他人可读', 'key-folder');
  });
});

describe('the key folder', () => {
  it('is wrong when others can enter it or read a key', async () => {
    await chmod(join(folder, 'keys'), 0o755);
    expectWords((await offline()).troubles('key folder'), '他人可以访问', 'key-folder');
    await chmod(join(folder, 'keys'), 0o700);
    const [key] = (await readdir(join(folder, 'keys'))).filter((name) => name.startsWith('signing-'));
    await chmod(join(folder, 'keys', key!), 0o640);
    const report = await offline();
    expect(report.exit).toBe(1);
    expect(report.troubles('key folder')[0]?.zh).toContain(key);
  });

  it('is said to be missing when it is', async () => {
    await rm(join(folder, 'keys'), { recursive: true });
    expectWords((await offline()).troubles('keys'), 'KEY_MISSING', 'key-folder');
  });

  it('is quiet about an identity key that was moved away', async () => {
    await moveIdentityKey(join(folder, 'keys'), join(folder, 'medium'), TEST_PASSPHRASE);
    expect((await offline()).named('warning')).toEqual([]);
  });

  it('warns of a database that every user of the machine can read', async () => {
    await chmod(folder, 0o755);
    await chmod(database(), 0o644);
    expectWords((await offline()).troubles('data folder'), '其他用户可以读取', 'key-folder');
    await chmod(folder, 0o700);
    expect((await offline()).troubles('data folder')).toEqual([]);
  });
});

describe('the keys', () => {
  it('do not open with another passphrase', async () => {
    const report = await offline({ passphrase: 'another one' });
    expect(report.exit).toBe(1);
    expectWords(report.troubles('keys'), 'PASSPHRASE_WRONG', 'key-folder');
  });

  it('are not tried without a passphrase', async () => {
    expect((await offline({ passphrase: undefined })).troubles('keys')).toMatchObject([{ level: 'skipped' }]);
  });

  it('lack one for seals in an older folder, which is no fault', async () => {
    await forgetKeys(join(folder, 'keys'), 'seal');
    const report = await offline();
    expect(report.exit).toBe(0);
    expectWords(report.troubles('keys'), '没有印章密钥', 'key-expiry');
  });

  it('are not those of the statement after a rotation without a new statement', async () => {
    const rotation = { passphrase: TEST_PASSPHRASE, now: Date.now(), overlapMs: DAY_MS };
    for (const purpose of ['signing', 'tls'] as const) await rotateKey(join(folder, 'keys'), { purpose, ...rotation });
    const troubles = (await offline()).troubles('keys');
    expect(troubles.map(({ level, en }) => [level, / (signing|tls) /.exec(en)?.[1]])).toEqual([
      ['warning', 'signing'],
      ['warning', 'tls'],
    ]);
    expectWords(troubles, '声明未列出', 'key-expiry');
  });
});

describe('the statement', () => {
  it('is told of 30, 7 and 1 days before its end, and when it has expired', async () => {
    const { expiresAt } = await ownStatement();
    const at = async (days: number) => {
      const [finding] = (await offline({ now: expiresAt - days * DAY_MS })).troubles('validity');
      return [finding?.level, finding?.todo?.zh.slice(0, 3)];
    };
    expect(await at(31)).toEqual([undefined, undefined]);
    expect(await at(30)).toEqual(['warning', '请安排']);
    expect(await at(7)).toEqual(['warning', '本周内']);
    expect(await at(1)).toEqual(['wrong', '今天就']);
    const expired = await offline({ now: expiresAt + DAY_MS });
    expect(expired.exit).toBe(1);
    expectWords(expired.troubles('validity'), '地区声明已于', 'statement-expiry');
    expectWords(expired.troubles('peer 150626'), '已于', 'statement-expiry');
  });

  it('shares the page with the keys in it, those of the peers too', async () => {
    const twoYears = (await ownStatement()).issuedAt + 725 * DAY_MS;
    const report = await offline({ now: twoYears });
    const named = (what: string) =>
      report.troubles(what).map(({ zh }) => /(签名|证照|印章|日志|身份)密钥|TLS 证书|声明/.exec(zh)?.[0]);
    expect(named('validity')).toEqual(['声明', '签名密钥', '证照密钥', '印章密钥', 'TLS 证书']);
    expect(named('peer 150626')).toEqual(['声明', '签名密钥', '证照密钥', '印章密钥', 'TLS 证书']);
    expect(report.troubles('validity')[1]?.page).toBe('docs/runbooks/key-expiry.md');
  });

  it('is not valid yet when the clock is far behind', async () => {
    const { issuedAt } = await ownStatement();
    expectWords((await offline({ now: issuedAt - 3 * DAY_MS })).troubles('validity'), '尚未生效', 'clock');
  });

  it('is wrong when it is altered, of another region, or tells another address', async () => {
    const file = join(folder, 'statement.jwt');
    await writeFile(file, 'not a statement');
    expectWords((await offline()).troubles('statement'), '地区声明无效', 'statement-expiry');
    await writeFile(file, (await throwawayRegion('150626')).jwt);
    expectWords((await offline()).troubles('statement'), '150626', 'key-folder');
    await writeFile(file, (await throwawayRegion('320600', { endpoint: 'elsewhere.example:7443' })).jwt);
    expectWords((await offline()).troubles('statement'), 'elsewhere.example:7443', 'statement-expiry');
  });
});

describe('the database', () => {
  it('is no fault before the first start', async () => {
    await rm(database());
    expect((await offline()).troubles('database')).toMatchObject([{ level: 'skipped' }]);
  });

  it('is wrong when a newer program wrote it', async () => {
    await sql('PRAGMA user_version = 999');
    expectWords((await offline()).troubles('database'), '更新版本', 'database');
  });

  it('is wrong when pages of it are damaged', async () => {
    await sql('PRAGMA wal_checkpoint(TRUNCATE)');
    const { size } = await stat(database());
    const handle = await open(database(), 'r+');
    await handle.write(Buffer.alloc(size - 8192, 0xa5), 0, size - 8192, 8192);
    await handle.close();
    const report = await offline();
    expect(report.exit).toBe(1);
    expectWords(report.troubles('database'), '数据库', 'database');
  });

  it('is wrong when it is no database at all', async () => {
    await writeFile(
      database(),
      'no database, whatever its name says, and longer than the header of one would have to be',
    );
    expectWords((await offline()).troubles('database'), '打不开', 'database');
  });

  it('is told of when something else keeps it locked', async () => {
    const other = new SqliteConnection(database());
    other.execute('BEGIN IMMEDIATE');
    const report = await offline();
    other.close();
    expectWords(report.troubles('database'), '占用', 'database');
  });

  it('is told of when its write-ahead log has grown', async () => {
    await writeFile(`${database()}-wal`, '');
    await truncate(`${database()}-wal`, 1024 ** 3);
    const warned = (await offline()).troubles('database').filter(({ level }) => level === 'warning');
    expectWords(warned, '预写日志已有 1.0 GiB', 'database');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is wrong when the user may not write it (needs root to become another user)',
    async () => {
      const nobody = 65534;
      await chmod(folder, 0o755);
      for (const name of await readdir(folder, { recursive: true })) await chown(join(folder, name), nobody, nobody);
      await chown(database(), 0, 0);
      await chmod(database(), 0o644);
      const args = ['doctor', '--offline', '--json', '--gateway', folder];
      const child = spawn(process.execPath, [CLI, ...args], {
        uid: nobody,
        gid: nobody,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let stdout = '';
      for await (const text of child.stdout) stdout += text;
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      const wrong = findings.filter(({ what, level }) => what === 'database' && level === 'wrong');
      expectWords(wrong, '数据库', 'database');
      expect(wrong[0]?.todo?.en).toContain('as the user of the gateway');
    },
  );
});

describe('the newest part of the evidence log', () => {
  it('is wrong when an entry was altered', async () => {
    for (const altered of ["entry || 'x'", "CAST(entry || 'x' AS BLOB)"]) {
      await sql(`UPDATE log_entry SET entry = ${altered} WHERE position = 3`);
      const report = await offline();
      expect(report.exit).toBe(1);
      expectWords(report.troubles('log'), 'LOG_CORRUPT', 'log-alarm');
    }
  });

  it('is wrong when a leaf was exchanged together with its entry', async () => {
    await sql(
      'UPDATE log_entry SET entry = (SELECT entry FROM log_entry WHERE position = 1), leaf = (SELECT leaf FROM log_entry WHERE position = 1) WHERE position = 2',
    );
    expectWords((await offline()).troubles('log'), 'LOG_CORRUPT', 'log-alarm');
  });

  it('is wrong when the checkpoint is not signed by our log key', async () => {
    await sql("UPDATE log_state SET checkpoint = replace(checkpoint, 'tongban/log/320600/1', 'tongban/log/320600/2')");
    expectWords((await offline()).troubles('log'), 'KEY_UNKNOWN', 'log-alarm');
  });
});

describe('alarms about evidence logs', () => {
  const raise = (kind: string, at: number) =>
    sql(`INSERT INTO log_alarm (region, epoch, kind, via, held, shown, first_at, last_at)
         VALUES ('150626', 1, '${kind}', '350500', 'a', 'b', ${at}, ${at})`);

  it('are wrong while they are fresh, and stay on record afterwards', async () => {
    await raise('split-view', Date.now());
    const report = await offline();
    expect(report.exit).toBe(1);
    expectWords(report.troubles('log alarm'), '150626 的存证日志向不同地区出示不同内容', 'log-alarm');
    const later = await offline({ now: Date.now() + 8 * DAY_MS });
    expect(later.troubles('log alarm')).toMatchObject([{ level: 'warning' }]);
  });

  it('are a question when a region was restored and says so', async () => {
    await raise('restored', Date.now());
    expect((await offline()).troubles('log alarm')).toMatchObject([{ level: 'warning' }]);
  });
});

test('a clock before what was recorded is wrong', async () => {
  const report = await offline({ now: Date.now() - 60 * 60 * 1000 });
  expectWords(report.troubles('clock'), '早于已有记录', 'clock');
});

describe('a gateway that does not run', () => {
  it('is wrong, and free ports are no matter', async () => {
    const report = await examined(folder);
    expect(report.named('wrong')).toEqual(['gateway']);
    expectWords(report.troubles('gateway'), 'GATEWAY_UNREACHABLE', 'gateway-down');
  });

  it('is told who has its port', async () => {
    const { peer } = await loadConfig(join(folder, 'gateway.yaml'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(peer.listen.port, peer.listen.host, resolve));
    const report = await examined(folder);
    await new Promise((resolve) => server.close(resolve));
    expectWords(report.troubles('ports'), `(pid ${process.pid})`, 'gateway-down');
  });
});

async function ownStatement() {
  const { verifyStatement } = await import('#trust');
  const { readOwnStatement } = await import('../gateway-folder.ts');
  return verifyStatement(await readOwnStatement({ data: folder }));
}
