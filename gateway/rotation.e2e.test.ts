import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJws } from '#trust';
import { SqliteConnection } from './store/sqlite/sqlite-connection.ts';
import { caseInput, NO_MATERIALS } from './testing/agency-case.ts';
import {
  call,
  discard,
  type GatewayProcess,
  joinRegions,
  runTongban,
  startRegion,
  tongban,
} from './testing/gateway-process.ts';
import { until } from './testing/live-region.ts';

let nantong: GatewayProcess;
let uxin: GatewayProcess;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  await joinRegions(nantong, uxin);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].filter(Boolean).map(discard));
});

interface KeyRow {
  readonly kid: string;
  readonly purpose: string;
}

const run = (gateway: GatewayProcess, ...args: string[]) =>
  tongban<Record<string, unknown>>(
    ...args,
    '--gateway',
    gateway.folder,
    '--passphrase-file',
    join(gateway.folder, '..', 'passphrase'),
  );

async function keysOf(gateway: GatewayProcess, purpose: string): Promise<KeyRow[]> {
  const { keys } = await tongban<{ keys: KeyRow[] }>('key', 'list', '--gateway', gateway.folder);
  return keys.filter((key) => key.purpose === purpose);
}

function rows<R>(gateway: GatewayProcess, text: string): Promise<R[]> {
  const store = new SqliteConnection(join(gateway.folder, 'gateway.db'), { readOnly: true });
  return store.all<R>(text).finally(() => store.close());
}

/** Submits cases one after the other until it is told to stop. @returns how many were accepted */
function submitting(gateway: GatewayProcess): { stop: () => Promise<number> } {
  let going = true;
  const work = (async () => {
    let count = 0;
    for (; going; count += 1) await call(gateway, 'POST', '/v1/cases/submit', caseInput('150626', NO_MATERIALS));
    return count;
  })();
  return {
    stop: () => {
      going = false;
      return work;
    },
  };
}

const heldBy = async (gateway: GatewayProcess, peer: string) => {
  const { peers } = await call<{ peers: { region: string; heldSerial: number }[] }>(gateway, 'GET', '/v1/peers');
  return peers.find(({ region }) => region === peer)?.heldSerial;
};

const serialOf = async (gateway: GatewayProcess) =>
  (await call<{ serial: number }>(gateway, 'GET', '/v1/statement')).serial;

async function refusals(gateway: GatewayProcess): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/metrics`);
  const lines = (await answer.text()).split('\n');
  // Whoever is pinned at one side first is unknown to the other for a moment.
  return lines.filter((line) => /^tongban_(refusals|deferrals)_total\{/.test(line) && !line.includes('PEER_UNKNOWN'));
}

async function everythingAnswered(): Promise<void> {
  for (const gateway of [nantong, uxin]) {
    await until(
      'everything answered',
      async () => (await rows(gateway, "SELECT id FROM outbox WHERE state = 'pending'")).length === 0,
      60_000,
    );
  }
}

describe('operators who rotate keys while windows submit cases', { timeout: 120_000 }, () => {
  it('lose no case, and no envelope is refused', async () => {
    const before = (await keysOf(nantong, 'signing'))[0]!.kid;
    const load = submitting(nantong);
    for (const purpose of ['signing', 'tls', 'log', 'certificate']) {
      for (const gateway of [nantong, uxin]) await run(gateway, 'key', 'rotate', purpose);
    }
    await run(nantong, 'statement', '--renew');
    await until('the peer holds it', async () => (await heldBy(nantong, '150626')) === (await serialOf(nantong)));
    await until('the peer holds it', async () => (await heldBy(uxin, '320600')) === (await serialOf(uxin)));
    const submitted = await load.stop();
    await everythingAnswered();
    expect(submitted).toBeGreaterThan(10);
    expect(await rows(nantong, "SELECT code FROM outbox WHERE state <> 'accepted'")).toEqual([]);
    expect(await rows(uxin, "SELECT code FROM outbox WHERE state <> 'accepted'")).toEqual([]);
    expect(await rows(uxin, 'SELECT conversation FROM case_file')).toHaveLength(submitted);
    expect([await refusals(nantong), await refusals(uxin)]).toEqual([[], []]);
    const roots = await rows<{ signed_root: string }>(
      nantong,
      'SELECT DISTINCT signed_root FROM sealed_group WHERE id IN (SELECT group_id FROM outbox)',
    );
    const kids = new Set(roots.map(({ signed_root }) => readJws(signed_root).header['kid']));
    expect(kids).toEqual(new Set([before, (await keysOf(nantong, 'signing'))[1]!.kid]));
  });

  it('revoke a stolen key in one command, and cases go on', async () => {
    const [stolen] = await keysOf(nantong, 'signing');
    const load = submitting(nantong);
    const folders = ['--gateway', nantong.folder, '--passphrase-file', join(nantong.folder, '..', 'passphrase')];
    // A key id may begin with a hyphen.
    const revoked = await runTongban('key', 'revoke', ...folders, '--', stolen!.kid.slice(0, 12));
    expect(`${revoked.code} ${revoked.stderr}`).toMatch(/^0 /);
    await until('the peer knows', async () => (await heldBy(nantong, '150626')) === (await serialOf(nantong)));
    const submitted = await load.stop();
    await everythingAnswered();
    expect(submitted).toBeGreaterThan(0);
    expect(await rows(nantong, "SELECT code FROM outbox WHERE state <> 'accepted'")).toEqual([]);
    const { statement } = await call<{ statement: string }>(nantong, 'GET', '/v1/statement');
    const { metadata } = readJws<{
      metadata: { tongban_gateway: { jwks: { keys: { kid: string; revoked?: object }[] } } };
    }>(statement).payload;
    const listed = metadata.tongban_gateway.jwks.keys.filter((key) => key.revoked).map(({ kid }) => kid);
    expect(listed).toEqual([stolen!.kid]);
  });

  it('find both logs sound afterwards, and nothing secret in what the gateways wrote', async () => {
    for (const gateway of [nantong, uxin]) {
      const { code, stdout } = await runTongban('log', 'verify', '--gateway', gateway.folder, '--json');
      expect(`${code} ${stdout}`).toMatch(/^0 /);
      expect(await readFile(join(gateway.folder, 'gateway.log'), 'utf8')).not.toContain('a passphrase for tests');
    }
  });
});
