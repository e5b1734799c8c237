import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../proto/testing/free-port.ts';
import { temporaryFolder } from './folders.ts';

const SSHD = '/usr/sbin/sshd';
const ATTEMPTS = 100;
const PAUSE_MS = 50;
/** Longer than sshd takes to say hello. */
const ANSWER_MS = 2_000;

/** Why there is no SFTP server to test with; undefined when there is one. */
export const NO_SFTP: string | undefined =
  existsSync(SSHD) && spawnSync('ssh-keygen', ['-?']).error === undefined
    ? undefined
    : 'openssh-server is not installed';

/** An OpenSSH server on 127.0.0.1 with keys of its own, for the user who runs the tests. */
export class SftpServer {
  readonly port: number;
  readonly keyFile: string;
  readonly hostKey: string;
  readonly user = userInfo().username;
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>;
  #process: ChildProcess | undefined;

  private constructor(folder: Awaited<ReturnType<typeof temporaryFolder>>, port: number, hostKey: string) {
    this.#folder = folder;
    this.port = port;
    this.keyFile = join(folder.path, 'user');
    this.hostKey = hostKey;
  }

  static async start(): Promise<SftpServer> {
    const folder = await temporaryFolder();
    const inside = (name: string) => join(folder.path, name);
    for (const name of ['host', 'user', 'other'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inside(name)]);
    const hostKey = execFileSync('ssh-keygen', ['-lf', inside('host.pub')], { encoding: 'utf8' }).split(' ')[1]!;
    const port = await freePort();
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${inside('host')}`,
      `AuthorizedKeysFile ${inside('user.pub')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PidFile none',
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      'ForceCommand internal-sftp',
    ];
    await writeFile(inside('config'), `${lines.join('\n')}\n`);
    // Where the server puts itself before it knows who comes; packages make it when the service starts.
    if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    const server = new SftpServer(folder, port, hostKey);
    await server.resume();
    return server;
  }

  /** A key that the server does not know. */
  get strangerKey(): string {
    return join(this.#folder.path, 'other');
  }

  /** Lets the server go on after `stop`, at the same port. */
  async resume(): Promise<void> {
    this.#process = spawn(SSHD, ['-D', '-e', '-f', join(this.#folder.path, 'config')], { stdio: 'ignore' });
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await answers(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new Error('the SSH server does not answer');
  }

  /** Ends the server with every connection that it has. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (!running?.pid) return;
    this.#process = undefined;
    const exited = once(running, 'exit');
    const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(running.pid)], { encoding: 'utf8' }).stdout;
    running.kill('SIGKILL');
    for (const pid of children.split(/\s+/).filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#folder.remove();
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket
      .once('error', () => resolve(false))
      .setTimeout(ANSWER_MS, () => {
        socket.destroy();
        resolve(false);
      });
  });
}
