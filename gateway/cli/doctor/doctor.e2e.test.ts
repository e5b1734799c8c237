import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOf, issueOwnStatement, moveIdentityKey, openFileKeyStore, verifyStatement } from '#trust';
import { createApiKey, mintToken, readApiKey } from '../../api/token.ts';
import { loadConfig, statementFile } from '../../config/config.ts';
import { type RunningGateway, startGateway } from '../../node.ts';
import { makeRegionFolder, removeFolders, TEST_PASSPHRASE, until } from '../../testing/live-region.ts';
import { type Examined, examined } from './testing/examined.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A whole gateway in this process, with a clock of its own. */
interface Region {
  readonly code: string;
  readonly folder: string;
  readonly aheadMs: number;
  gateway: RunningGateway | undefined;
}

const regions: Region[] = [];

afterEach(async () => {
  const made = regions.splice(0);
  await Promise.all(made.map(stop));
  await removeFolders(...made.map(({ folder }) => folder));
});

async function region(code: string, aheadMs = 0): Promise<Region> {
  const folder = await makeRegionFolder(code);
  await createApiKey(join(folder, 'keys'));
  const made: Region = { code, folder, aheadMs, gateway: undefined };
  regions.push(made);
  await start(made);
  return made;
}

async function start(of: Region, aheadMs = of.aheadMs): Promise<void> {
  const config = await loadConfig(join(of.folder, 'gateway.yaml'));
  const log = { level: 'info' as const, file: join(of.folder, 'gateway.log') };
  const clock = { now: () => Date.now() + aheadMs };
  of.gateway = await startGateway({ config: { ...config, log }, passphrase: TEST_PASSPHRASE, clock });
}

async function stop(of: Region): Promise<void> {
  await of.gateway?.stop();
  of.gateway = undefined;
}

async function pair(aheadMs = 0): Promise<[Region, Region]> {
  const [nantong, uxin] = [await region('320600'), await region('150626', aheadMs)];
  await pin(nantong, uxin);
  await pin(uxin, nantong);
  return [nantong, uxin];
}

/** Pins a region at another through its API. */
async function pin(here: Region, there: Region): Promise<void> {
  const statement = await readFile(statementFile(there.folder), 'utf8');
  const { identity } = await verifyStatement(statement.trim());
  await call(here, 'POST', '/v1/peers', { statement, fingerprint: fingerprintOf(identity) });
}

async function call(of: Region, method: string, path: string, body?: object): Promise<void> {
  const { tokens } = await loadConfig(join(of.folder, 'gateway.yaml'));
  const token = await mintToken({
    role: 'secadmin',
    subject: 'local-secadmin',
    ttlSeconds: 60,
    secret: await readApiKey(join(of.folder, 'keys')),
    ...tokens,
    now: Date.now() + of.aheadMs,
  });
  const answer = await fetch(`${of.gateway!.info.http}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** On the machine in tests: the identity key; and the holidays of the next year may not be known yet. */
const EXPECTED = new Set(['identity key', 'calendar']);

/** What the doctor finds wrong or to be planned, beside what is expected. */
function troubles({ findings }: Examined): string[] {
  return findings
    .filter(({ what, level }) => (level === 'wrong' || level === 'warning') && !EXPECTED.has(what))
    .map(({ what, level, zh }) => `${level} ${what} ${zh}`);
}

describe('the doctor beside a running gateway', () => {
  it('finds nothing wrong when the whole way to the peer works', async () => {
    const [nantong] = await pair();
    let report = await examined(nantong.folder);
    expect(troubles(report)).toEqual([]);
    expect(report.exit).toBe(0);
    expect(report.text).toMatch(/对端 150626 .*全程畅通:TLSv1\.3 握手 \d+ 毫秒,签名回执 \d+ 毫秒/);
    expect(report.text).toContain('网关在运行并应答');
    await until('a checkpoint over the test envelope', async () => {
      report = await examined(nantong.folder);
      return /存证日志 \d+ 条,检查点签名与最新 \d+ 条相符/.test(report.text);
    });
  });

  it('says that no peer is pinned yet', async () => {
    const report = await examined((await region('320600')).folder);
    expect(report.named('skipped')).toEqual(['peers']);
    expect(report.exit).toBe(0);
  });

  it('tells a peer that is down from one that does not know us', async () => {
    const [nantong, uxin] = await pair();
    await call(uxin, 'DELETE', '/v1/peers/320600');
    const unknown = await examined(nantong.folder);
    expect(troubles(unknown)).toEqual([expect.stringMatching(/^wrong peer 150626 .*PEER_UNKNOWN/)]);
    expect(unknown.exit).toBe(1);
    await stop(uxin);
    const down = await examined(nantong.folder);
    expect(troubles(down)).toEqual([expect.stringMatching(/^wrong peer 150626 .*连接被拒绝.*PEER_UNREACHABLE/)]);
    expect(down.troubles('peer 150626')[0]?.page).toBe('docs/runbooks/peer-unreachable.md');
  });

  it('warns of a clock that is off, and finds nothing but that wrong when it is too far off', async () => {
    const [nantong, uxin] = await pair(2 * MINUTE_MS);
    const off = await examined(nantong.folder);
    expect(troubles(off)).toEqual([expect.stringMatching(/^warning peer 150626 .*时钟比本机快约 120 秒/)]);
    expect(off.exit).toBe(0);
    await stop(uxin);
    await start(uxin, 10 * MINUTE_MS);
    const tooFar = await examined(nantong.folder);
    expect(troubles(tooFar)).toEqual([expect.stringMatching(/^wrong peer 150626 .*超过 5 分钟.*SEAL_TIME/)]);
    expect(tooFar.troubles('peer 150626')[0]?.page).toBe('docs/runbooks/clock.md');
  });

  it('warns when the gateway has not taken over the newer statement in its folder', async () => {
    const nantong = await region('320600');
    const keys = await openFileKeyStore(join(nantong.folder, 'keys'), TEST_PASSPHRASE);
    const file = statementFile(nantong.folder);
    const { name, serial, endpoint, expiresAt } = await verifyStatement((await readFile(file, 'utf8')).trim());
    const next = { region: '320600', name, endpoint, issuedAt: Date.now(), expiresAt, serial: serial + 1 };
    await writeFile(file, await issueOwnStatement(keys, next));
    expect(troubles(await examined(nantong.folder))).toEqual([
      expect.stringMatching(/^warning gateway 网关在用第 1 号声明,目录中是第 2 号/),
    ]);
  });

  it('is not let in when the key of the tokens is another', async () => {
    const nantong = await region('320600');
    const other = await region('150626');
    await copyFile(join(other.folder, 'keys', 'api.key'), join(nantong.folder, 'keys', 'api.key'));
    expect(troubles(await examined(nantong.folder))).toEqual([
      expect.stringMatching(/^wrong gateway 网关在运行,.*UNAUTHORIZED/),
    ]);
  });
});

it('a running gateway writes into its log what ends soon, once, when it starts', async () => {
  const nantong = await region('320600');
  await stop(nantong);
  // With the identity key at hand the gateway would issue a new statement by itself.
  await moveIdentityKey(join(nantong.folder, 'keys'), join(nantong.folder, 'medium'), TEST_PASSPHRASE);
  await start(nantong, 360 * DAY_MS);
  await stop(nantong);
  const lines = (await readFile(join(nantong.folder, 'gateway.log'), 'utf8')).trim().split('\n');
  const warned = lines.map((line) => JSON.parse(line)).filter(({ subject }) => subject !== undefined);
  expect(warned).toMatchObject([{ level: 'warn', subject: 'statement', days_left: 4, region: '320600' }]);
});
