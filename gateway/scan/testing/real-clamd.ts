import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EICAR } from './little-clamd.ts';

/** Whether a clamd is here (Debian: clamav-daemon), and what a test reports when there is none. */
export const CLAMD = spawnSync('clamd', ['--version']).status === 0;
export const NO_CLAMD = 'there is no clamd (clamav-daemon) here';

/** The name under which it flags {@link EICAR}: a database that its makers did not sign says so. */
export const SIGNATURE = 'Tongban.Test.UNOFFICIAL';
/** Bytes of a file that it takes. */
export const STREAM_BYTES = 1024 * 1024;

const START_MS = 20_000;

/** ClamAV itself, with one signature, on a socket in a folder of its own. Must be stopped by the caller. */
export interface RealClamd {
  readonly path: string;
  start(): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export async function realClamd(): Promise<RealClamd> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-clamd-'));
  const path = join(folder, 'socket');
  await mkdir(join(folder, 'signatures'));
  const signature = `Tongban.Test:0:*:${Buffer.from(EICAR).toString('hex')}\n`;
  await writeFile(join(folder, 'signatures', 'test.ndb'), signature);
  const config = [
    `DatabaseDirectory ${folder}/signatures`,
    `LocalSocket ${path}`,
    `TemporaryDirectory ${folder}`,
    'Foreground yes',
    `StreamMaxLength ${STREAM_BYTES}`,
  ];
  await writeFile(join(folder, 'clamd.conf'), `${config.join('\n')}\n`);
  let child: ChildProcess | undefined;
  const clamd: RealClamd = { path, start, kill, stop };
  await start();
  return clamd;

  async function start(): Promise<void> {
    child = spawn('clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' });
    const until = performance.now() + START_MS;
    while (!(await answers(path))) {
      if (child.exitCode !== null || performance.now() > until) throw new Error('clamd does not start');
      await pause(20);
    }
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async function stop(): Promise<void> {
    await kill();
    await rm(folder, { recursive: true });
  }
}

async function answers(path: string): Promise<boolean> {
  if (
    !(await access(path).then(
      () => true,
      () => false,
    ))
  )
    return false;
  const socket = connect({ path });
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('data', (said) => {
      resolve(said.toString().startsWith('PONG'));
      socket.destroy();
    });
    socket.write('zPING\0');
  });
}
