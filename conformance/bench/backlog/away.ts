import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Children } from '../children.ts';
import { GatewayApi } from '../gateways/gateway-api.ts';
import { launch } from '../gateways/gateway-process.ts';

/** Milliseconds that a gateway may take to end in order. */
const STOP_MS = 60_000;

/** Ends the process of a gateway, as `systemctl stop` would, and waits until it is gone. */
export async function stopGateway(folder: string): Promise<void> {
  const runFile = join(folder, 'run', 'gateway.json');
  const { pid } = JSON.parse(await readFile(runFile, 'utf8')) as { pid: number };
  process.kill(pid, 'SIGTERM');
  const end = performance.now() + STOP_MS;
  while (isAlive(pid)) {
    if (performance.now() > end) throw new Error(`the gateway in ${folder} does not end`);
    await pause(50);
  }
}

/** Runs it again, with the token that it gave before. */
export async function startAgain(
  children: Children,
  folder: string,
  region: string,
  { token }: GatewayApi,
): Promise<GatewayApi> {
  return new GatewayApi(await launch(children, folder, region), token);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
