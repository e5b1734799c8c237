import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { CodedError } from '#proto';
import type { PostgresConfig } from '../../config/store-config.ts';
import { isGone, toldError } from './postgres-error.ts';
import { READ_VALUES } from './values.ts';

/** The oldest PostgreSQL that the statements are tested for, as its `server_version_num`. */
const OLDEST_SERVER = 150_000;
/** Milliseconds beyond the server's own limit after which an unanswered statement means a dead connection. */
const ANSWER_SLACK_MS = 10_000;
/**
 * A gateway that vanished without closing its connections must not hold its database for hours: after about 30 s of
 * silence the server looks, and lets go.
 */
const KEEP_ALIVE = '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

export interface SessionOptions {
  readonly config: PostgresConfig;
  /** For a server that asks for one. */
  readonly password: string;
  /** What the server lists the connection as. */
  readonly name: string;
  readonly readOnly?: boolean;
  /** Cleaning up and changes of tables take as long as they take. */
  readonly patient?: boolean;
}

/** @param environment of the process, for a password that is in no file */
export async function passwordOf(
  { passwordFile }: PostgresConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (passwordFile === undefined) return environment['TONGBAN_STORE_PASSWORD'] ?? '';
  return (await readSetting('store.postgres.password_file', passwordFile)).replace(/\r?\n$/, '');
}

/**
 * What a connection is made with. Everything that the library would otherwise take from the environment or from files
 * of the user is said.
 */
export async function clientConfig(options: SessionOptions): Promise<pg.ClientConfig> {
  const { config, password, name, readOnly = false, patient = false } = options;
  const limits = patient
    ? {}
    : {
        statement_timeout: config.statementTimeoutMs,
        query_timeout: config.statementTimeoutMs + ANSWER_SLACK_MS,
        lock_timeout: config.lockTimeoutMs,
        idle_in_transaction_session_timeout: config.statementTimeoutMs + ANSWER_SLACK_MS,
      };
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.user,
    password: () => password,
    ssl: await tlsOf(config),
    application_name: name,
    client_encoding: 'UTF8',
    connectionTimeoutMillis: config.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: `${KEEP_ALIVE}${readOnly ? ' -c default_transaction_read_only=on' : ''}`,
    types: READ_VALUES,
    ...limits,
  };
}

/**
 * Opens one connection to a server that a gateway can rely on.
 *
 * @throws CodedError CONFIG_INVALID for a server that cannot serve, or does not let us in; STORE_UNAVAILABLE
 */
export async function openSession(options: SessionOptions & { readonly pipeline?: boolean }): Promise<pg.Client> {
  const client = new pg.Client({ ...(await clientConfig(options)), pipeline: options.pipeline ?? false });
  // Whoever uses the connection is told by its next statement.
  client.on('error', () => {});
  try {
    await client.connect();
    await demandServer(client, options);
    return client;
  } catch (error) {
    dropSession(client);
    throw connectError(error, options.config);
  }
}

/** Ends a connection at once, also one that hangs. */
export function dropSession(client: pg.Client): void {
  client.connection.stream.destroy();
}

async function demandServer(client: pg.Client, { config, readOnly }: SessionOptions): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; standby: number; sync: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS sync`,
  );
  const { version, encoding, standby, sync } = rows[0]!;
  const at = `the database ${config.database} at ${config.host}`;
  if (version < OLDEST_SERVER) throw new CodedError('CONFIG_INVALID', `${at} is older than PostgreSQL 15; upgrade it`);
  if (encoding !== 'UTF8')
    throw new CodedError('CONFIG_INVALID', `${at} has the encoding ${encoding}; make one with ENCODING 'UTF8'`);
  if (standby === 1 && !readOnly)
    throw new CodedError('STORE_UNAVAILABLE', `${at} is a standby, which takes no writes; name the primary server`);
  // What we say is accepted is on the disk: no default of the server may weaken that.
  if (sync === 'off' && !readOnly) await client.query('SET synchronous_commit = on');
}

function connectError(error: unknown, { host, port, database, user }: PostgresConfig): Error {
  const { code = '' } = error as { code?: string };
  const at = `the database ${database} at ${host}:${port}`;
  if (error instanceof CodedError) return error;
  if (/^28/.test(code) || /SASL|password/i.test(String(error)))
    return new CodedError('CONFIG_INVALID', `${at} does not let ${user} in; check user, password and pg_hba.conf`);
  if (code === '3D000')
    return new CodedError('CONFIG_INVALID', `${at} does not exist; make it with: CREATE DATABASE ... OWNER ${user}`);
  if (code === '42501') return new CodedError('CONFIG_INVALID', `${user} must not create tables in ${at}`);
  if (isTls(code, error))
    return new CodedError(
      'CONFIG_INVALID',
      `${at} does not prove who it is by TLS (${code || 'no TLS'}); check ca_file`,
    );
  if (isGone(error)) return new CodedError('STORE_UNAVAILABLE', `${at} cannot be reached (${code || 'no answer'})`);
  return toldError(error);
}

function isTls(code: string, error: unknown): boolean {
  return /CERT|SSL|TLS|SIGNED|ISSUER/.test(code) || /does not support SSL/.test(String(error));
}

async function tlsOf({ tls, caFile }: PostgresConfig): Promise<pg.ClientConfig['ssl']> {
  if (tls === 'off') return false;
  const ca = caFile === undefined ? {} : { ca: await readSetting('store.postgres.ca_file', caFile) };
  return { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...ca };
}

async function readSetting(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CodedError('CONFIG_INVALID', `${setting}: cannot read ${file} (${code})`, [], { cause });
  }
}
