import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import { freePort } from '../../bench/gateways/free-port.ts';

/** Milliseconds that a gateway may take to end in order. */
const STOP_MS = 60_000;

/** One process of the gateway. */
export interface Process {
  /** Holds its config and its log; the folder of the gateway when it is the only one. */
  readonly folder: string;
  readonly runFile: string;
  /** Where it says whether it leads; absent when it is the only one. */
  readonly probe?: string;
  child?: ChildProcess;
}

/** Ends a process, and waits until it is gone. @throws Error when it does not end */
export async function end(one: Process, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const { child } = one;
  if (!child || !isAlive(one)) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${one.folder}: the gateway does not end`)), STOP_MS);
  try {
    await Promise.race([exit, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export function isAlive({ child }: Process): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Whether a process leads, as it says itself; one alone always does. */
export async function isLeader({ probe }: Process): Promise<boolean> {
  if (probe === undefined) return true;
  return fetch(`http://${probe}/healthz`).then(
    async (answer) => ((await answer.json()) as { role: string }).role === 'leader',
    () => false,
  );
}

/** Changes a `gateway.yaml`. */
export async function editConfig(file: string, change: (config: Document) => void): Promise<void> {
  const config = parseDocument(await readFile(file, 'utf8'));
  change(config);
  await writeFile(file, config.toString());
}

/**
 * Gives each replica a folder with a config of its own beside the folder that all share (docs/replicas.md).
 *
 * @param doors of the first; those of the others are added
 */
export async function placeReplicas(
  parent: string,
  shared: string,
  count: number,
  doors: { readonly http: string[]; readonly peer: string[] },
): Promise<Process[]> {
  const port = async () => `127.0.0.1:${await freePort()}`;
  const processes: Process[] = [];
  for (let n = 0; n < count; n += 1) {
    const name = `r${n}`;
    const folder = join(parent, name);
    await mkdir(folder);
    await copyFile(join(shared, 'gateway.yaml'), join(folder, 'gateway.yaml'));
    const [http, peer, listen, probe] = [
      doors.http[n] ?? (await port()),
      doors.peer[n] ?? (await port()),
      await port(),
      await port(),
    ];
    [doors.http[n], doors.peer[n]] = [http, peer];
    await editConfig(join(folder, 'gateway.yaml'), (config) => {
      config.set('data', shared);
      config.setIn(['http', 'listen'], http);
      config.setIn(['peer', 'listen'], peer);
      config.set('replica', { name, listen, probe });
    });
    processes.push({ folder, probe, runFile: join(shared, 'run', `replica-${name}.json`) });
  }
  return processes;
}
