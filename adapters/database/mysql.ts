import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2';
import type { PoolConnection } from 'mysql2/promise';
import { guardedLookup } from '../http/targets.ts';
import { CONNECT_MS, type Credentials, IDLE_MS, LOCK_MS, STATEMENT_MS } from './credentials.ts';
import {
  asParameter,
  type Bound,
  type Database,
  type Dialect,
  type Fault,
  type Row,
  type Session,
} from './database.ts';
import { guardedSocket } from './guarded-socket.ts';

/** Texts of statements that a connection keeps prepared. */
const PREPARED = 64;

/**
 * Errors that the values cause although their SQLSTATE does not say so: bad values, values that are too long, checks and
 * triggers that refuse (1366, 1406, 1264, 1265, 1292, 1364, 3140, 3819, 1644).
 */
const BAD_VALUE = new Set([1264, 1265, 1292, 1364, 1366, 1406, 1644, 3140, 3819]);
const DUPLICATE = 1062;
const BAD_CHARACTER = 1366;

const TEXT = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json', 'enum', 'set']);
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit', 'geometry']);
const NUMBER = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal']);
const TIME = new Set(['datetime', 'timestamp', 'date']);

/** Connections to a MySQL or MariaDB server, at most as many as the credentials say. */
export function openMysql({ server, password, tls, networks, connections, timeZone }: Credentials): Database {
  const lookup = guardedLookup(networks);
  let skipsLocked = false;
  const core = createPool({
    host: server.host,
    port: server.port,
    database: server.database,
    user: server.user,
    ...(password !== undefined && { password }),
    ...(tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2', ...tls } }),
    stream: () => {
      const socket = guardedSocket(lookup);
      socket.setNoDelay(true).setKeepAlive(true).connect(server.port, server.host);
      return socket;
    },
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
    connectionLimit: connections,
    idleTimeout: IDLE_MS,
    maxPreparedStatements: PREPARED,
    dateStrings: true,
    supportBigNumbers: true,
    multipleStatements: false,
  });
  core.on('connection', (connection) => {
    // Characters that a column cannot hold are an error, not a question mark.
    const text = `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '${timeZone}',
      innodb_lock_wait_timeout = ${LOCK_MS / 1000}`;
    const orEnd = (error: unknown) => error && connection.destroy();
    connection.query(text, orEnd);
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', orEnd);
    connection.query<RowDataPacket[]>('SELECT VERSION() AS version', (error, rows) => {
      if (error) connection.destroy();
      else skipsLocked = canSkipLocked(String(rows[0]?.['version']));
    });
  });
  const pool = core.promise();

  return {
    ...sessionOf(pool),
    dialect: { ...DIALECT, lock: () => (skipsLocked ? 'FOR UPDATE SKIP LOCKED' : 'FOR UPDATE') },
    async unit(work) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        const result = await work(sessionOf(connection));
        await connection.commit();
        connection.release();
        return result;
      } catch (error) {
        await connection.rollback().then(
          () => connection.release(),
          () => connection.destroy(),
        );
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

/** MariaDB since 10.6, MySQL since 8.0.1. */
export function canSkipLocked(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (/mariadb/i.test(version)) return major > 10 || (major === 10 && minor >= 6);
  return major >= 8;
}

const DIALECT: Omit<Dialect, 'lock'> = {
  quote: (name) =>
    name
      .split('.')
      .map((part) => `\`${part.replaceAll('`', '``')}\``)
      .join('.'),
  columns: (table) => {
    const parts = table.split('.');
    const schema = parts.length > 1 ? parts[0]! : null;
    return {
      text: `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, EXTRA LIKE '%on update%' AS stamp FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
      values: [schema, parts.at(-1)!],
    };
  },
  kindOf: (type) => {
    if (TEXT.has(type)) return 'text';
    if (BYTES.has(type)) return 'bytes';
    if (NUMBER.has(type)) return 'number';
    return TIME.has(type) ? 'time' : 'other';
  },
  bytesOf: (column) => `LENGTH(${column})`,
  part: (column) => `SUBSTRING(${column}, ?, ?)`,
  largest: 'SELECT @@max_allowed_packet AS most',
  nullsFirst: true,
  now: 'NOW(3)',
  ago: 'NOW(3) - INTERVAL (? * 1000) MICROSECOND',
  ahead: 'NOW(3) + INTERVAL (? * 1000) MICROSECOND',
  before: (kind) =>
    kind === 'time' ? 'CAST(? AS DATETIME(6)) - INTERVAL ? SECOND' : 'CAST(? AS SIGNED) - CAST(? AS SIGNED)',
  fault: (error): Fault => {
    const {
      errno = 0,
      code = 'UNKNOWN',
      sqlState = '',
    } = error as { errno?: number; code?: string; sqlState?: string };
    return {
      code,
      isFinal: /^2[23]/.test(sqlState) || BAD_VALUE.has(errno),
      isDuplicate: errno === DUPLICATE,
      isCharacter: errno === BAD_CHARACTER,
    };
  },
};

function sessionOf(connection: Pick<PoolConnection, 'execute'>): Session {
  const execute = <T extends RowDataPacket[] | ResultSetHeader>(sql: string, values: readonly Bound[] = []) =>
    connection.execute<T>({ sql, timeout: STATEMENT_MS }, values.map(asParameter));
  return {
    rows: async <R extends Row>(text: string, values?: readonly Bound[]) =>
      (await execute<RowDataPacket[]>(text, values))[0] as unknown as R[],
    run: async (text, values) => (await execute<ResultSetHeader>(text, values))[0].affectedRows,
  };
}
