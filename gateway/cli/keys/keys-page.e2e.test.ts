import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, discard, type GatewayProcess, startRegion, tongban } from '../../testing/gateway-process.ts';
import { until } from '../../testing/live-region.ts';

/** Runs the commands of docs/keys.md as they stand there: two gateways at work, and a machine without one. */

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(ROOT, 'gateway/cli/main.ts');
/** About forty commands, each a process. */
const TEST_MS = 300_000;

type Side = 'nantong' | 'uxin' | 'safe';
interface Peer {
  readonly heldSerial: number;
  readonly serial: number;
  readonly connected: boolean;
}
interface Keys {
  readonly serial: number;
  readonly keys: readonly { purpose: string; kid: string; state: string; unknownTo?: readonly string[] }[];
}

let folder: string;
let page: string;
let nantong: GatewayProcess;
let uxin: GatewayProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-keys-page-'));
  for (const name of ['bin', 'media', 'media/usb', 'offline']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'bin/tongban'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
  await writeFile(join(folder, 'offline/passphrase'), 'a passphrase for tests', { mode: 0o600 });
  page = await readFile(join(ROOT, 'docs/keys.md'), 'utf8');
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  await pinned(nantong, uxin);
  await pinned(uxin, nantong);
  await until('both links', async () => (await peerAt(nantong)).connected && (await peerAt(uxin)).connected);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((gateway) => gateway && discard(gateway)));
  await rm(folder, { recursive: true, force: true });
});

async function pinned(here: GatewayProcess, there: GatewayProcess): Promise<void> {
  const own = await tongban<{ fingerprint: string; statement: string }>('statement', '--gateway', there.folder);
  await call(here, 'POST', '/v1/peers', { statement: own.statement, fingerprint: own.fingerprint });
}

const peerAt = async (here: GatewayProcess) => (await call<{ peers: Peer[] }>(here, 'GET', '/v1/peers')).peers[0]!;
const keysOf = (here: GatewayProcess) => tongban<Keys>('key', 'list', '--gateway', here.folder);

describe('the page about keys', () => {
  it(
    'leads through rotation, ceremony, theft and loss while two gateways are at work',
    async () => {
      for (const { side, commands } of blocksOf(page)) {
        for (const command of commands) {
          const { code, output } = await run(side, command);
          expect({ command, code, output }).toMatchObject({ code: 0 });
          await followUp(command, output);
        }
      }
      // Serial by serial: five rotations, a renewal, a ceremony, a revocation, another identity.
      expect((await keysOf(nantong)).serial).toBe(10);
      await until('the peer to hold the last one', async () => (await peerAt(nantong)).heldSerial === 10);
      const { changes } = await call<{ changes: object[] }>(uxin, 'GET', '/v1/peers/320600/repin');
      expect(changes).toMatchObject([{ reason: '身份密钥遗失', by: 'local-secadmin' }]);
      const logs = await readFile(join(uxin.folder, 'gateway.log'), 'utf8');
      expect(logs).toMatch(/"level":"warn".*"peer":"320600".*another identity key/);
    },
    TEST_MS,
  );

  it('has a command in every block', () => {
    const commands = blocksOf(page).flatMap((block) => block.commands);
    expect(commands).toHaveLength([...page.matchAll(/^tongban /gm)].length);
    expect(commands.length).toBeGreaterThan(18);
  });
});

/** What the page promises of a command, beyond its exit code. */
async function followUp(command: string, output: string): Promise<void> {
  if (
    /^tongban (key rotate (signing|certificate|seal|log|tls)|statement (--renew|install))/.test(command) &&
    !/NOT IN FORCE/.test(output)
  ) {
    const { serial, keys } = await keysOf(nantong);
    await until(`the peer to hold ${serial}`, async () => (await peerAt(nantong)).heldSerial === serial);
    expect((await keysOf(nantong)).keys.flatMap(({ unknownTo = [] }) => unknownTo)).toEqual([]);
    expect(keys.filter(({ state }) => state === 'in-use').length).toBeGreaterThanOrEqual(4);
  }
  if (command.startsWith('tongban key move-identity'))
    expect(await readdir(join(folder, 'media/safe'))).toHaveLength(1);
  if (command.startsWith('tongban key revoke')) expect(output).toContain('NOT IN FORCE YET');
  if (/statement sign (?!.*--yes)/.test(command)) {
    expect(output).toContain('NOTHING WAS SIGNED');
    expect(await readdir(join(folder, 'media/usb'))).not.toContain('statement.jwt');
  }
}

function blocksOf(text: string): { side: Side; commands: string[] }[] {
  return [...text.matchAll(/^```sh (nantong|uxin|safe)\n([\s\S]*?)^```/gm)].map(([, side, lines]) => ({
    side: side as Side,
    commands: lines!.trim().split('\n'),
  }));
}

async function run(side: Side, command: string): Promise<{ code: number | null; output: string }> {
  const cwd = side === 'safe' ? join(folder, 'offline') : { nantong, uxin }[side].folder;
  const env = { ...process.env, ...(await variables(command)), PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command.replaceAll('/media/', `${folder}/media/`)], { cwd, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What the operator read on the screen or heard on the telephone. */
async function variables(command: string): Promise<Record<string, string>> {
  if (command.includes('"$KID"')) {
    const { kid } = (await keysOf(nantong)).keys.find(
      ({ purpose, state }) => purpose === 'signing' && state === 'in-use',
    )!;
    return { KID: kid.slice(0, 8), SINCE: new Date(Date.now() - 3_600_000).toISOString() };
  }
  if (!command.includes('"$FP"')) return {};
  return { FP: (await tongban<{ fingerprint: string }>('statement', '--gateway', nantong.folder)).fingerprint };
}
