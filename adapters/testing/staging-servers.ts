import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { freePort } from '../../proto/testing/free-port.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open-database.ts';

const DDL = new URL('../database/ddl/', import.meta.url);

/** A database server at which staging databases (前置库) are made for tests. */
export interface StagingServer {
  readonly kind: 'postgres' | 'mysql';
  /** A database of its own, with the tables of adapters/database/ddl. Must be closed by the caller. */
  database(options?: { charset?: string }): Promise<StagingDatabase>;
  stop(): Promise<void>;
}

export interface StagingDatabase {
  readonly port: number;
  /** The URL, with another port where one is given. */
  url(port?: number): string;
  readonly passwordFile: string;
  /** The platform's own way to its database. */
  readonly platform: Database;
  close(): Promise<void>;
}

interface ServerFacts {
  readonly kind: StagingServer['kind'];
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/**
 * The PostgreSQL server of the test run.
 *
 * @returns undefined where its program is not installed; the reason is printed
 */
export async function postgresServer(): Promise<StagingServer | undefined> {
  const answer = JSON.parse(await askDoor(inject('postgresDoor'))) as {
    admin: string;
    missing?: string;
    failed?: string;
  };
  if (answer.failed) throw new Error(`the PostgreSQL server of the tests did not start: ${answer.failed}`);
  if (answer.missing) {
    process.stderr.write(`skipped: no PostgreSQL (${answer.missing})\n`);
    return undefined;
  }
  const { port, username, password } = new URL(answer.admin);
  return serverOf({ kind: 'postgres', port: Number(port), user: username, password: decodeURIComponent(password) });
}

/**
 * A MariaDB server of its own in a temporary folder. Must be stopped by the caller.
 *
 * @returns undefined where its program is not installed; the reason is printed
 */
export async function mariadbServer(): Promise<StagingServer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-mariadb-'));
  const common = ['--no-defaults', `--datadir=${folder}/data`, ...(process.getuid?.() === 0 ? ['--user=root'] : [])];
  // A server that starts removes the temporary files of every other one in the same folder.
  const env = { ...process.env, TMPDIR: folder };
  try {
    const accounts = ['--auth-root-authentication-method=normal', '--skip-test-db'];
    await promisify(execFile)('mariadb-install-db', [...common, ...accounts], { env });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    process.stderr.write('skipped: no MariaDB (apt-get install mariadb-server)\n');
    return undefined;
  }
  const port = await freePort();
  const settings = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${folder}/socket`,
    `--pid-file=${folder}/pid`,
    '--skip-name-resolve',
    '--max-allowed-packet=256M',
    '--innodb-buffer-pool-size=64M',
    // Only processes fail in a test: those lose nothing that the system has.
    '--innodb-flush-log-at-trx-commit=2',
  ];
  const server = spawn('mariadbd', [...common, ...settings], { stdio: 'ignore', env });
  await listening(port, server);
  return serverOf({ kind: 'mysql', port, user: 'root', password: '' }, async () => {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
}

function serverOf(facts: ServerFacts, stop = async () => {}): StagingServer {
  return { kind: facts.kind, database: (options) => stagingDatabase(facts, options?.charset), stop };
}

async function stagingDatabase(facts: ServerFacts, charset: string | undefined): Promise<StagingDatabase> {
  const { kind, port, user, password } = facts;
  const name = `staging_${randomBytes(6).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'tongban-staging-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const open = (database: string) =>
    openDatabase({
      server: { kind, host: '127.0.0.1', port, database, user },
      password,
      tls: false,
      networks: [],
      connections: 2,
      timeZone: '+08:00',
    });
  const admin = await open(kind === 'postgres' ? 'postgres' : 'mysql');
  await admin.run(`CREATE DATABASE ${name}${charset ? ` CHARACTER SET ${charset}` : ''}`);
  const platform = await open(name);
  const ddl = await readFile(new URL(`${kind}.sql`, DDL), 'utf8');
  // The names of characters in the file win over those of the database.
  const text = charset ? ddl.replaceAll('CHARSET = utf8mb4', `CHARSET = ${charset}`) : ddl;
  for (const statement of text.split(/;\n/).filter((one) => one.trim())) await platform.run(statement);
  return {
    port,
    url: (through = port) => `${kind}://${user}@127.0.0.1:${through}/${name}`,
    passwordFile,
    platform,
    async close() {
      await platform.close();
      await admin.run(`DROP DATABASE ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`);
      await admin.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function askDoor(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

/** Waits until the server takes connections. */
async function listening(port: number, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error('mariadbd ended before it listened');
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await pause(50);
  }
}
