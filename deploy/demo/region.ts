import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../gateway/cli/main.ts', import.meta.url));

/** Who calls: a window, or who answers for security. */
type DemoRole = 'operator' | 'secadmin';

/** A region of the demo: a folder and, once started, a gateway process of its own. */
export interface DemoRegion {
  readonly code: string;
  readonly name: string;
  /** Signature suite of its keys. */
  readonly suite: string;
  readonly dir: string;
  readonly passphraseFile: string;
  process?: ChildProcess;
  url?: string;
  /** Tokens of an operator and of a security administrator. */
  tokens?: Readonly<Record<DemoRole, string>>;
}

/** What a command of `tongban` said. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tongban …` as a process of its own. */
export function tongban(...args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Runs `tongban … --json`. @throws Error with what the command said when it fails */
export async function tongbanJson<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await tongban(...args, '--json');
  if (code !== 0) throw new Error(`tongban ${args.join(' ')}\n${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

/** Makes keys, TLS identity, statement and config in the region's folder. */
export async function initialise(region: DemoRegion): Promise<void> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  await tongbanJson(
    'init',
    region.dir,
    '--region',
    region.code,
    '--name',
    region.name,
    '--suite',
    region.suite,
    '--http',
    '127.0.0.1:0',
    '--peer-listen',
    endpoint,
    '--peer-endpoint',
    endpoint,
    '--passphrase-file',
    region.passphraseFile,
  );
}

/** Starts the region's gateway and waits until it says where it is reached. */
export async function start(region: DemoRegion, detached: boolean): Promise<void> {
  const log = await open(join(region.dir, 'gateway.log'), 'a');
  const child = spawn(process.execPath, [CLI, 'start', '--config', join(region.dir, 'gateway.yaml')], {
    stdio: ['ignore', log.fd, log.fd],
    detached,
  });
  await log.close();
  region.process = child;
  const runFile = join(region.dir, 'run', 'gateway.json');
  region.url = await until(`the gateway of ${region.name} (see ${region.dir}/gateway.log)`, async () => {
    if (child.exitCode !== null) throw new Error(`${region.name}: the gateway ended, see ${region.dir}/gateway.log`);
    const told = await readFile(runFile, 'utf8').catch(() => undefined);
    return told && (JSON.parse(told) as { http: string }).http;
  });
  const [operator, secadmin] = await Promise.all([tokenOf(region, 'operator'), tokenOf(region, 'secadmin')]);
  region.tokens = { operator, secadmin };
}

async function tokenOf({ dir }: DemoRegion, role: DemoRole): Promise<string> {
  const made = await tongbanJson<{ token: string }>('token', '--gateway', dir, '--role', role, '--ttl', '1h');
  return made.token;
}

/** Stops the region's gateway and waits for its end. */
export async function stop(region: DemoRegion): Promise<void> {
  const child = region.process;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Calls the region's REST API, as an operator unless told. @throws Error with the problem that the gateway named */
export async function call<T>(
  region: DemoRegion,
  method: string,
  path: string,
  body?: unknown,
  role: DemoRole = 'operator',
): Promise<T> {
  const answer = await fetch(`${region.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${region.tokens?.[role]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${region.name}: ${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Uploads a file to a case. */
export async function upload(
  region: DemoRegion,
  conversation: string,
  file: { name: string; mediaType: string; grade: string; bytes: Buffer },
): Promise<{ digest: string; size: number }> {
  const query = new URLSearchParams({ name: file.name, grade: file.grade });
  const answer = await fetch(`${region.url}/v1/cases/${conversation}/materials?${query}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${region.tokens?.operator}`,
      'content-type': 'application/octet-stream',
      'x-media-type': file.mediaType,
    },
    body: new Uint8Array(file.bytes),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${region.name}: ${file.name}: ${answer.status} ${text}`);
  return JSON.parse(text) as { digest: string; size: number };
}

/** Reads the region's own statement. */
export async function statementOf(region: DemoRegion): Promise<string> {
  return (await readFile(join(region.dir, 'statement.jwt'), 'utf8')).trim();
}

/** Waits until a condition holds. @throws Error naming what was waited for */
export async function until<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
