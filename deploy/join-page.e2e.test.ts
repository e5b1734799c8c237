import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepLog } from '../proto/testing/kept-logs.ts';

/** Runs the commands of docs/join-two-regions.md as they stand there, on two "machines" that are two folders. */

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'gateway/cli/main.ts');
const WITHIN_MS = 20_000;
/** About fifty commands, each a process. */
const TEST_MS = 240_000;

type Side = 'nantong' | 'uxin';
interface Machine {
  readonly side: Side;
  readonly code: string;
  readonly address: string;
  readonly dir: string;
  readonly port: number;
  /** What the operator noted, by the name of the variable. */
  readonly noted: Map<string, string>;
  gateway?: ChildProcess;
}
interface Block {
  readonly side: Side | 'both';
  readonly commands: readonly string[];
}

let folder: string;
let machines: Record<Side, Machine>;
let blocks: readonly Block[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-join-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/tongban'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
  await writeFile(join(folder, 'passphrase'), 'only for this test\n', { mode: 0o600 });
  machines = {
    nantong: await machine('nantong', '320600', '10.32.6.1'),
    uxin: await machine('uxin', '150626', '10.15.6.26'),
  };
  await copyExamples();
  blocks = blocksOf(await readFile(join(ROOT, 'docs/join-two-regions.md'), 'utf8'));
});

afterAll(async () => {
  await Promise.all(Object.values(machines).map(stopped));
  for (const { dir } of Object.values(machines)) await keepLog(join(dir, 'gateway.log'));
  await rm(folder, { recursive: true });
});

describe('the join page', () => {
  it(
    'leads from two empty folders to a case with its certificate and its evidence',
    async () => {
      for (const [at, block] of blocks.entries()) {
        for (const here of block.side === 'both' ? Object.values(machines) : [machines[block.side]]) {
          for (const command of block.commands) await succeeds(here, command);
        }
        if (at === lastOf('tongban init')) await Promise.all(Object.values(machines).map(started));
        if (at === lastOf('tongban statement')) await exchangeStatements();
      }
      const { nantong, uxin } = machines;
      const exported = JSON.parse(await readFile(join(nantong.dir, 'evidence.json'), 'utf8')) as {
        envelopes: unknown[];
      };
      // Six of the acts; those of the signed papers follow in their own time.
      expect(exported.envelopes.length).toBeGreaterThanOrEqual(6);
      await eventually('the revocation at both', async () => {
        const states = [await authorization(nantong, 'state'), await authorization(uxin, 'state')];
        return states.join() === 'revoked,revoked';
      });
    },
    TEST_MS,
  );

  it('runs every command of steps 2 to 9', async () => {
    const page = await readFile(join(ROOT, 'docs/join-two-regions.md'), 'utf8');
    const inBlocks = [...page.matchAll(/^tongban /gm)].length;
    expect(blocks.flatMap(({ commands }) => commands)).toHaveLength(inBlocks);
    expect(inBlocks).toBeGreaterThan(25);
  });
});

/** Blocks that say on which side they run: ```sh nantong, ```sh uxin, ```sh both. */
function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```sh (nantong|uxin|both)\n([\s\S]*?)^```/gm)].map(([, side, text]) => ({
    side: side as Block['side'],
    commands: text!.trim().split('\n'),
  }));
}

function lastOf(beginning: string): number {
  return blocks.findLastIndex(({ commands }) => commands.some((command) => command.startsWith(beginning)));
}

/** Tries a command until it succeeds: what it needs may still be on its way from the other side. */
async function succeeds(here: Machine, command: string): Promise<void> {
  let said = '';
  await eventually(`${here.side}$ ${command}`, async () => {
    const env = await variables(here, command);
    if (!env) return false;
    const { code, output } = await run(here, onThisMachine(here, command), env);
    said = output;
    return code === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${said}`);
  });
}

/** The page speaks of two machines with fixed paths and ports; here both are folders of one. */
function onThisMachine({ dir, port, address }: Machine, command: string): string {
  return command
    .replace(`${address}:7443`, `127.0.0.1:${port} --peer-listen 127.0.0.1:${port} --http 127.0.0.1:0`)
    .replace('/var/lib/tongban', dir)
    .replace('/etc/tongban/passphrase', join(folder, 'passphrase'))
    .replace('/opt/tongban/deploy/config', folder);
}

/** What the operator read on the screen or heard on the telephone; undefined while it is not there yet. */
async function variables(here: Machine, command: string): Promise<Record<string, string> | undefined> {
  const sources: Record<string, () => Promise<string | undefined>> = {
    FP: async () => {
      const there = here.side === 'nantong' ? machines.uxin : machines.nantong;
      return (await ask<{ fingerprint: string }>(there, 'tongban statement --json'))?.fingerprint;
    },
    AUTH: () => authorization(here, 'id'),
    CASE: async () => (await ask<{ cases: { number: string }[] }>(here, 'tongban case list --json'))?.cases[0]?.number,
    CERT: async () => {
      const number = here.noted.get('CASE');
      return (await ask<{ certificate?: string }>(here, `tongban case show ${number} --json`))?.certificate;
    },
  };
  const env: Record<string, string> = {};
  for (const [name, source] of Object.entries(sources)) {
    if (!command.includes(`"$${name}"`)) continue;
    const value = here.noted.get(name) ?? (await source());
    if (value === undefined) return undefined;
    here.noted.set(name, value);
    env[name] = value;
  }
  return env;
}

async function authorization(here: Machine, member: 'id' | 'state'): Promise<string | undefined> {
  const list = await ask<{ authorizations: { id: string; state: string }[] }>(
    here,
    'tongban authorization list --json',
  );
  return list?.authorizations[0]?.[member];
}

async function ask<T>(here: Machine, command: string): Promise<T | undefined> {
  const { code, stdout } = await run(here, command, {});
  return code === 0 ? (JSON.parse(stdout) as T) : undefined;
}

function run(here: Machine, command: string, env: Record<string, string>) {
  return new Promise<{ code: number | null; stdout: string; output: string }>((resolve, reject) => {
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`;
    const child = spawn('sh', ['-c', command], { cwd: here.dir, env: { ...process.env, ...env, PATH } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, output: `${stderr}${stdout}` }));
  });
}

async function started(here: Machine): Promise<void> {
  const log = await open(join(here.dir, 'gateway.log'), 'a');
  here.gateway = spawn(process.execPath, [CLI, 'start', '--gateway', here.dir], { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  await eventually(
    `the gateway of ${here.side}`,
    async () => (await ask(here, 'tongban peer list --json')) !== undefined,
  );
}

async function stopped({ gateway }: Machine): Promise<void> {
  if (!gateway || gateway.exitCode !== null) return;
  const ended = new Promise((resolve) => gateway.once('exit', resolve));
  gateway.kill('SIGTERM');
  await ended;
}

async function exchangeStatements(): Promise<void> {
  const { nantong, uxin } = machines;
  await copyFile(join(nantong.dir, '320600.jwt'), join(uxin.dir, '320600.jwt'));
  await copyFile(join(uxin.dir, '150626.jwt'), join(nantong.dir, '150626.jwt'));
}

/** The dates of the example would run out one day. */
async function copyExamples(): Promise<void> {
  for (const name of ['items', 'authorization', 'case', 'issue']) {
    const file = `${name}.example.json`;
    const text = await readFile(join(import.meta.dirname, 'config', file), 'utf8');
    const year = new Date().getUTCFullYear();
    const dated = text
      .replace(/("valid_from": ")\d{4}/, `$1${year - 1}`)
      .replace(/("valid_until": ")\d{4}/, `$1${year + 2}`);
    await writeFile(join(folder, file), dated);
  }
}

async function machine(side: Side, code: string, address: string): Promise<Machine> {
  const dir = join(folder, side);
  await mkdir(dir);
  return { side, code, address, dir, port: await freePort(), noted: new Map() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  while (!(await look())) {
    if (performance.now() > until) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
