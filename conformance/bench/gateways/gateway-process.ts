import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import { freePort } from './free-port.ts';
import { GatewayApi } from './gateway-api.ts';

const CLI = fileURLToPath(new URL('../../../gateway/cli/main.ts', import.meta.url));
/** Of every region that is made here. */
export const PASSPHRASE = 'a passphrase for measuring';
/** Milliseconds that a gateway may take until it is ready. */
const START_MS = 30_000;
/** Lines of its log that are shown when a gateway fails. */
const LOG_LINES = 20;

/** A gateway as operators run it, in a process of its own. */
export interface GatewayProcess {
  readonly region: string;
  /** As an operator. */
  readonly api: GatewayApi;
  /** As a security administrator. */
  readonly security: GatewayApi;
  readonly statement: string;
  readonly fingerprint: string;
}

/** Changes the folder of a gateway before it runs. */
export type PrepareGateway = (folder: string) => Promise<void>;

/**
 * Makes a gateway with `tongban init` and runs it with `tongban start`, on ports of its own.
 *
 * @throws Error with the end of its log when it does not become ready
 */
export async function startGateway(
  children: Children,
  parent: string,
  region: string,
  name: string,
  prepare: PrepareGateway = async () => {},
): Promise<GatewayProcess> {
  const folder = join(parent, region);
  const passphrase = join(parent, `${region}.passphrase`);
  await writeFile(passphrase, PASSPHRASE, { mode: 0o600 });
  const endpoint = `127.0.0.1:${await freePort()}`;
  const where = ['--http', '127.0.0.1:0', '--peer-listen', endpoint, '--peer-endpoint', endpoint];
  const made = await tongban<{ statement: string; fingerprint: string }>(children, [
    ...['init', folder, '--region', region, '--name', name, '--passphrase-file', passphrase],
    ...where,
  ]);
  // Asking for the fate of a case again and again is no attack here.
  await appendFile(join(folder, 'gateway.yaml'), '\nlimits:\n  http_requests_per_minute: 10000000\n');
  await prepare(folder);
  const tokenOf = async (role: string) =>
    (await tongban<{ token: string }>(children, ['token', '--gateway', folder, '--role', role])).token;
  const [token, security] = [await tokenOf('operator'), await tokenOf('secadmin')];
  const url = await launch(children, folder, region);
  const statement = (await readFile(made.statement, 'utf8')).trim();
  const apis = { api: new GatewayApi(url, token), security: new GatewayApi(url, security) };
  return { region, ...apis, statement, fingerprint: made.fingerprint };
}

export interface LaunchOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly runFile?: string;
}

/** Runs a gateway of a folder that was made before. @returns the URL of the API */
export async function launch(children: Children, folder: string, region: string): Promise<string> {
  return (await launchProcess(children, folder, region)).url;
}

/**
 * Runs a gateway of a folder that was made before, and may have been killed since.
 *
 * @param environment added to that of this process
 * @param runFile where it tells that it is ready, when not in its folder
 * @throws Error with the end of its log when it does not become ready
 */
export async function launchProcess(
  children: Children,
  folder: string,
  region: string,
  { environment = {}, runFile = join(folder, 'run', 'gateway.json') }: LaunchOptions = {},
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const logFile = join(folder, 'gateway.log');
  const log = await open(logFile, 'a');
  const child = run(children, [CLI, 'start', '--gateway', folder], ['ignore', log.fd, log.fd], environment);
  await log.close();
  const end = performance.now() + START_MS;
  while (child.exitCode === null && child.signalCode === null && performance.now() < end) {
    // A file that a killed process left behind names another one.
    const told = await readFile(runFile, 'utf8').then(JSON.parse, () => undefined);
    if (told?.pid === child.pid) return { child, url: told.http };
    await pause(20);
  }
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-LOG_LINES);
  throw new Error(`the gateway of region ${region} did not start:\n${lines.join('\n')}`);
}

/**
 * Runs `tongban … --json`.
 *
 * @param environment added to that of this process
 * @throws Error with its complaint when it fails
 */
export function tongban<T>(
  children: Children,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<T> {
  const child = run(children, [CLI, ...args, '--json'], ['ignore', 'pipe', 'pipe'], environment);
  return answerOf<T>(child, `tongban ${args[0]}`);
}

/** What a program of the gateway's prints as JSON. @throws Error with its complaint when it fails */
export function askProgram<T>(children: Children, file: string, args: readonly string[]): Promise<T> {
  return answerOf<T>(run(children, [file, ...args], ['ignore', 'pipe', 'pipe']), file);
}

async function answerOf<T>(child: ChildProcess, name: string): Promise<T> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8');
  child.stdout!.on('data', (text) => {
    output += text;
  });
  let complaint = '';
  child.stderr!.on('data', (text) => {
    complaint += text;
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${name} failed (exit ${code}): ${complaint}${output}`);
  return JSON.parse(output) as T;
}

function run(
  children: Children,
  args: readonly string[],
  stdio: ('ignore' | 'pipe' | number)[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  const env = { ...process.env, ...environment };
  // A group of its own: Ctrl-C reaches only the benchmark, which then ends everything in order.
  return children.add(spawn(process.execPath, [...args], { stdio, env, detached: true }));
}
