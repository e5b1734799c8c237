import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../proto/testing/free-port.ts';
import { keepLog } from '../../proto/testing/kept-logs.ts';

/** Program of the gateway: another layer, so it is run and never imported. */
const TONGBAN = fileURLToPath(new URL('../../gateway/cli/main.ts', import.meta.url));
export const PASSPHRASE = 'a passphrase for tests';
/** What a gateway said, in its folder. */
const LOG = 'gateway.log';

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Two regions as processes that pinned and authorized each other. Must be stopped by the caller. */
export interface GatewayPair {
  /** Holds everything below. */
  readonly folder: string;
  /** The folder of the region that takes cases in, and of the one that handles them. */
  readonly receiving: string;
  readonly handling: string;
  stop(): Promise<void>;
}

/** Runs a program of the project to its end. */
export async function run(program: string, args: readonly string[]): Promise<Ended> {
  const child = start(program, args);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (err += data));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

/** Makes two gateways, starts them and lets them agree that one takes in two items of the other. */
export async function startPair(): Promise<GatewayPair> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-conformance-'));
  const processes: ChildProcess[] = [];
  const [receiving, handling] = [join(folder, '320600'), join(folder, '150626')];
  const stop = async () => {
    await Promise.all(processes.map(end));
    for (const dir of [receiving, handling]) await keepLog(join(dir, LOG));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const fingerprints = [await init(receiving, '320600'), await init(handling, '150626')] as const;
    for (const dir of [receiving, handling]) processes.push(await serve(dir));
    await pin(receiving, handling, fingerprints[1]);
    await pin(handling, receiving, fingerprints[0]);
    await offerItems(folder, handling);
    await agree(folder, receiving, handling);
    return { folder, receiving, handling, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function pin(dir: string, peer: string, fingerprint: string): Promise<void> {
  await tongban('peer', 'add', join(peer, 'statement.jwt'), '--fingerprint', fingerprint, '--gateway', dir);
}

/** Makes the folder of a gateway. @returns its fingerprint */
export async function init(dir: string, region: string): Promise<string> {
  const [http, peer] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const listen = ['--http', http, '--peer-listen', peer, '--peer-endpoint', peer];
  const made = await tongban('init', dir, '--region', region, '--name', `网关 ${region}`, ...listen);
  return (made as { fingerprint: string }).fingerprint;
}

async function serve(dir: string): Promise<ChildProcess> {
  const child = start(TONGBAN, ['start', '--gateway', dir]);
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => appendFileSync(join(dir, LOG), data));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (data) => {
      said = `${said}${data}`.slice(-10_000);
      if (said.includes('就绪 ready')) resolve();
    });
    child.stderr?.on('data', (data) => (said += data));
    child.once('close', () => reject(new Error(`the gateway ended: ${said}`)));
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function offerItems(folder: string, handling: string): Promise<void> {
  const item = (code: string) => ({
    code,
    name: `测试事项 ${code}`,
    department: '市场监督管理',
    applicant: 'legal-person',
    modes: ['agency'],
    promised_working_days: 5,
    materials: [],
    result: '许可证',
  });
  const file = join(folder, 'items.json');
  await writeFile(file, JSON.stringify({ items: [item('EX018'), item('EX019')] }));
  await tongban('item', 'import', file, '--gateway', handling);
}

/** One proposes, the other accepts as soon as it has the proposal; done when both wrote the agreement down. */
async function agree(folder: string, receiving: string, handling: string): Promise<void> {
  const file = join(folder, 'draft.json');
  await writeFile(file, JSON.stringify(DRAFT));
  const { id } = (await tongban('authorization', 'propose', file, '--gateway', receiving)) as { id: string };
  await until('the proposal', async () => {
    const { code, err } = await run(TONGBAN, ['authorization', 'accept', id, '--gateway', handling]);
    if (code !== 0 && !err.startsWith('NOT_FOUND')) throw new Error(err);
    return code === 0;
  });
  for (const dir of [receiving, handling]) {
    await until('the agreement', async () => (await readdir(join(dir, 'authorizations'))).includes(`${id}.json`));
  }
}

const DRAFT = {
  parties: ['320600', '150626'],
  grants: [
    {
      grantor: '150626',
      grantee: '320600',
      department: { name: '市场监督管理局', code: '11370800MB28559184' },
      rights: ['R1a', 'R2', 'R3'],
      items: ['EX018', 'EX019'],
      modes: ['agency'],
    },
  ],
  fields: ['applicant.name', 'applicant.documentNumber', 'form.经营项目', 'certificate.*'],
  valid_from: '2026-01-01T00:00:00+08:00',
  valid_until: '2030-01-01T00:00:00+08:00',
  terms: '双方相互委托收件。',
};

async function tongban(...args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await run(TONGBAN, [...args, '--json']);
  if (code !== 0) throw new Error(`tongban ${args.slice(0, 2).join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as unknown;
}

function start(program: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, TONGBAN_PASSPHRASE: PASSPHRASE };
  return spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > last) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
