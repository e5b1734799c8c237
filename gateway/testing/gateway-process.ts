import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../proto/testing/free-port.ts';
import { keepLog } from '../../proto/testing/kept-logs.ts';
import { roleFor } from '../api/acting-role.ts';
import type { Role } from '../api/roles.ts';
import { mintToken, readApiKey } from '../api/token.ts';
import { runHere, type Said } from '../cli/testing/run-here.ts';
import { loadConfig } from '../config/config.ts';
import { localSubject } from '../duty/administrator.ts';
import { agreementDraft, ITEMS } from './agency-case.ts';
import { until } from './live-region.ts';

const CLI = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const PASSPHRASE = 'a passphrase for tests';

/** A gateway as operators run it: a process of its own, started by `tongban start`. */
export interface GatewayProcess {
  readonly region: string;
  readonly folder: string;
  child: ChildProcess;
  url: string;
  /** Of an operator. */
  readonly token: string;
  /** Of a security administrator, for what an operator may not. */
  readonly securityToken: string;
}

/** What a call needs to know of a gateway. */
export type ReachedGateway = Omit<GatewayProcess, 'child'>;

/**
 * Makes a region with `tongban init` and starts its gateway.
 *
 * @param prepare may change its config before
 */
export async function startRegion(
  region: string,
  name: string,
  prepare: (folder: string) => Promise<void> = async () => {},
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), `tongban-process-${region}-`));
  const data = join(folder, 'gateway');
  const passphrase = join(folder, 'passphrase');
  await writeFile(passphrase, PASSPHRASE, { mode: 0o600 });
  const endpoint = `127.0.0.1:${await freePort()}`;
  const where = ['--http', '127.0.0.1:0', '--peer-listen', endpoint, '--peer-endpoint', endpoint];
  await tongban('init', data, '--region', region, '--name', name, ...where, '--passphrase-file', passphrase);
  await prepare(data);
  return { region, folder: data, ...(await tokensOf(data)), ...(await launch(data)) };
}

/** Makes the tokens with which tests call the gateway of a folder. */
export async function tokensOf(folder: string): Promise<Pick<GatewayProcess, 'token' | 'securityToken'>> {
  const { tokens, keys } = await loadConfig(join(folder, 'gateway.yaml'));
  const secret = await readApiKey(keys.directory);
  const tokenOf = (role: Role) =>
    mintToken({ role, subject: localSubject(role) ?? 'test', ttlSeconds: 3600, secret, ...tokens, now: Date.now() });
  return { token: await tokenOf('operator'), securityToken: await tokenOf('secadmin') };
}

/**
 * Makes two regions ready for cases, through the API: each pins the other, both sign an authorization, and the handling
 * region publishes its catalogue.
 */
export async function joinRegions(receiving: ReachedGateway, handling: ReachedGateway): Promise<void> {
  await pinAt(receiving, handling);
  await pinAt(handling, receiving);
  const year = new Date().getUTCFullYear();
  const validity = { valid_from: `${year - 1}-01-01T00:00:00+08:00`, valid_until: `${year + 2}-01-01T00:00:00+08:00` };
  const draft = agreementDraft(receiving.region, handling.region, validity);
  const { id } = await call<{ id: string }>(receiving, 'POST', '/v1/authorizations', draft);
  const stateAt = (gateway: ReachedGateway) =>
    call<{ state: string }>(gateway, 'GET', `/v1/authorizations/${id}`).then(
      ({ state }) => state,
      () => 'unknown',
    );
  await until('the proposal', async () => (await stateAt(handling)) === 'proposed');
  await call(handling, 'POST', `/v1/authorizations/${id}/accept`, {});
  for (const side of [receiving, handling]) {
    await until('the agreement', async () => (await stateAt(side)) === 'active');
  }
  await call(handling, 'PUT', '/v1/items', ITEMS);
  await call(handling, 'POST', '/v1/catalogue/publish', { peer: receiving.region, scope: '跨省通办' });
  await until('the catalogue', async () => {
    const { items } = await call<{ items: unknown[] }>(receiving, 'GET', `/v1/items?region=${handling.region}`);
    return items.length > 0;
  });
}

async function pinAt(here: ReachedGateway, there: ReachedGateway): Promise<void> {
  const own = await tongban<{ fingerprint: string; statement: string }>('statement', '--gateway', there.folder);
  await call(here, 'POST', '/v1/peers', { statement: own.statement, fingerprint: own.fingerprint });
}

/** Ends the process at once, as a power cut would. */
export async function kill(gateway: GatewayProcess): Promise<void> {
  const ended = new Promise((resolve) => gateway.child.once('exit', resolve));
  gateway.child.kill('SIGKILL');
  await ended;
}

/** Starts the gateway again on the same folder. */
export async function restart(gateway: GatewayProcess): Promise<void> {
  Object.assign(gateway, await launch(gateway.folder));
}

/** Ends the process and removes its folder. */
export async function discard(gateway: GatewayProcess): Promise<void> {
  if (gateway.child.exitCode === null && gateway.child.signalCode === null) await kill(gateway);
  await keepLog(join(gateway.folder, 'gateway.log'));
  await rm(join(gateway.folder, '..'), { recursive: true, force: true });
}

/** Calls the REST API in a role that may. @throws Error with the answer when it is not a good one */
export async function call<T>(gateway: ReachedGateway, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${roleFor(method, path.split('?')[0]!) === 'operator' ? gateway.token : gateway.securityToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Runs `tongban … --json` and reads what it says. */
export async function tongban<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runTongban(...args, '--json');
  if (code !== 0) throw new Error(`tongban ${args.join(' ')}: exit ${code}\n${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

/** Runs `tongban …`, with the environment of this process. */
export function runTongban(...args: readonly string[]): Promise<Said> {
  return runHere(args, '', process.env);
}

/** Starts the gateway of a folder and waits until it is ready. @param runFile where it tells so */
export async function launch(
  folder: string,
  runFile = join(folder, 'run', 'gateway.json'),
): Promise<{ child: ChildProcess; url: string }> {
  const log = await open(join(folder, 'gateway.log'), 'a');
  const child = spawn(process.execPath, [CLI, 'start', '--gateway', folder], { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const end = Date.now() + 60_000;
  for (;;) {
    // A file that an earlier process left behind names another pid.
    const told = await readFile(runFile, 'utf8').then(JSON.parse, () => undefined);
    if (told?.pid === child.pid) return { child, url: told.http };
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`the gateway did not start: ${await readFile(join(folder, 'gateway.log'), 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
