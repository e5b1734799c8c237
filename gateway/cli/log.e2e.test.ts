import { randomUUIDv7 } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statementFile } from '../config/config.ts';
import { SqliteConnection } from '../store/sqlite/sqlite-connection.ts';
import { runTongban } from '../testing/gateway-process.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { testClock } from '../testing/region-pair.ts';

/** The log of two gateways that exchanged and stopped, judged by the command line in processes of its own. */
const clock = testClock(Date.now());
let [owner, peer, out, copies] = ['', '', '', ''];

beforeAll(async () => {
  [owner, peer] = [await makeRegionFolder('320600'), await makeRegionFolder('150626')];
  copies = await mkdtemp(join(tmpdir(), 'tongban-log-'));
  out = join(copies, 'published');
  const [one, other] = [await openLiveRegion(owner, clock), await openLiveRegion(peer, clock)];
  await pinEachOther(one, other);
  await minutes(2, one, other);
  const reader = new SqliteConnection(join(owner, 'gateway.db'), { readOnly: true });
  reader.execute(`VACUUM INTO '${join(copies, 'early.db')}'`);
  reader.close();
  await minutes(2, one, other);
  await Promise.all([one.stop(), other.stop()]);
});

afterAll(() => removeFolders(owner, peer, copies));

/** Some minutes of traffic, after which both have seen the log of the other. */
async function minutes(count: number, one: LiveRegion, other: LiveRegion): Promise<void> {
  for (let n = 0; n < count * 6; n += 1) {
    if (n % 6 === 0) clock.at += 60_000;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const { core } = from;
      const envelope = { peer: to.region, conversation: randomUUIDv7(), name: 'Ping', payload: { note: '' } } as const;
      await core.store.write((tx) => core.outbox.enqueue(tx, envelope));
      await until('the receipt', () => core.outbox.pending(to.region) === 0);
      await core.evidence.integrate();
    }
  }
}

async function tongban(...args: string[]) {
  const { code, stdout } = await runTongban(...args, '--json');
  return { code, json: JSON.parse(stdout) };
}

describe('tongban log', () => {
  it('verify rechecks the tree, the records and what witnesses said', async () => {
    const { code, json } = await tongban('log', 'verify', '--gateway', owner);
    expect(json.faults).toEqual([]);
    expect({ code, verified: json.verified, alarms: json.alarms }).toEqual({ code: 0, verified: true, alarms: [] });
    expect(json.cosignatures).toBeGreaterThan(1);
    expect(json.peerStates).toBeGreaterThan(1);
    expect((await runTongban('log', 'verify', '--gateway', owner)).stdout).toContain('见证签名 Countersignatures');
  });

  it('publish writes files that verify by themselves, and against what the peer saw', async () => {
    const { code, json } = await tongban('log', 'publish', '--gateway', owner, '--out', out);
    expect({ code, witnesses: json.witnesses }).toEqual({ code: 0, witnesses: ['150626'] });
    const statements = ['--region', statementFile(owner), statementFile(peer)];
    const alone = await tongban('log', 'verify', '--published', out, ...statements);
    expect(alone).toMatchObject({ code: 0, json: { verified: true, size: json.size, compared: 0 } });
    expect(alone.json.witnesses).toMatchObject([{ region: '150626' }]);
    const beside = await tongban('log', 'verify', '--published', out, ...statements, '--seen-by', peer);
    expect(beside).toMatchObject({ code: 0, json: { verified: true } });
    expect(beside.json.compared).toBeGreaterThan(1);
  });

  it('verify fails for published files that were changed, and says where', async () => {
    const file = join(out, 'checkpoint');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('/320600/1\n', '/320600/2\n'));
    const { code, json } = await tongban('log', 'verify', '--published', out, '--region', statementFile(owner));
    expect({ code, verified: json.verified }).toEqual({ code: 1, verified: false });
    expect(json.faults[0]).toMatchObject({ where: 'checkpoint', code: 'CHECKPOINT_INVALID' });
    await writeFile(file, text);
  });

  it('verify asks for the statement of the owner, and for a published log', async () => {
    expect((await runTongban('log', 'verify', '--published', out)).code).toBe(2);
    expect((await runTongban('log', 'verify', '--published', out, '--region', statementFile(peer))).code).toBe(1);
    const nothing = ['--published', copies, '--region', statementFile(owner)];
    expect((await runTongban('log', 'verify', ...nothing)).code).toBe(2);
  });

  it('verify finds that the tables were put back, since the peer countersigned more', async () => {
    const broken = join(copies, 'broken');
    await cp(owner, broken, { recursive: true });
    const [now, early] = [join(broken, 'gateway.db'), join(copies, 'early.db')];
    const connection = new SqliteConnection(now);
    const tables = ['log_entry', 'log_run', 'log_node', 'log_state', 'outbox', 'inbox', 'sealed_group'];
    connection.execute(`ATTACH '${early}' AS early`);
    for (const table of tables)
      connection.execute(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM early.${table}`);
    connection.close();
    const { code, json } = await tongban('log', 'verify', '--gateway', broken);
    expect(code).toBe(1);
    expect([...new Set(json.faults.map((fault: { code: string }) => fault.code))]).toEqual(['LOG_FORKED']);
    expect(json.faults[0].where).toMatch(/^cosignature\/150626\//);
    await rm(broken, { recursive: true });
  });
});
