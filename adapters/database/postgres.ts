import pg from 'pg';
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

/** A trigger of the platform that refuses a row. */
const RAISED = 'P0001';
const UNIQUE = '23505';
const UNTRANSLATABLE = new Set(['22P05', '22021']);

const TEXT = new Set(['text', 'character varying', 'character', 'name', 'citext']);
const NUMBER = new Set(['smallint', 'integer', 'bigint', 'numeric']);
const TIME = new Set(['timestamp without time zone', 'timestamp with time zone', 'date']);

const DIALECT: Dialect = {
  quote: (name) => name.split('.').map(quoted).join('.'),
  columns: (table) => ({
    text: `SELECT attname AS name, format_type(atttypid, NULL) AS type, 0 AS stamp FROM pg_attribute
      WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    values: [DIALECT.quote(table)],
  }),
  kindOf: (type) => {
    if (TEXT.has(type)) return 'text';
    if (type === 'bytea') return 'bytes';
    if (NUMBER.has(type)) return 'number';
    return TIME.has(type) ? 'time' : 'other';
  },
  // Of text and bytea the length is known without fetching a long value.
  bytesOf: (column, kind) => `octet_length(${kind === 'other' ? `${column}::text` : column})`,
  part: (column) => `substring(${column} from ?::integer for ?::integer)`,
  largest: undefined,
  nullsFirst: false,
  now: 'now()',
  ago: "now() - ?::float8 * interval '1 millisecond'",
  ahead: "now() + ?::float8 * interval '1 millisecond'",
  before: (kind) => (kind === 'time' ? "?::timestamptz - ?::float8 * interval '1 second'" : '?::bigint - ?::bigint'),
  lock: () => 'FOR UPDATE SKIP LOCKED',
  fault: faultOf,
};

/** Connections to a PostgreSQL server, at most as many as the credentials say. */
export function openPostgres({ server, password, tls, networks, connections, timeZone }: Credentials): Database {
  const lookup = guardedLookup(networks);
  const pool = new pg.Pool({
    ...server,
    ...(password !== undefined && { password }),
    ssl: tls && { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...tls },
    stream: () => guardedSocket(lookup),
    application_name: 'tongban',
    client_encoding: 'UTF8',
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + LOCK_MS,
    lock_timeout: LOCK_MS,
    keepAlive: true,
    max: connections,
    types: { getTypeParser },
    onConnect: async (client) => {
      await client.query(`SET TIME ZONE INTERVAL '${timeZone}' HOUR TO MINUTE`);
    },
  });
  // A connection that is lost while nobody uses it: the pool makes another.
  pool.on('error', () => {});

  return {
    ...sessionOf(pool),
    dialect: DIALECT,
    async unit(work) {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work(sessionOf(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        failure = await client.query('ROLLBACK').then(
          () => undefined,
          (lost: Error) => lost,
        );
        throw error;
      } finally {
        client.release(failure);
      }
    },
    close: () => pool.end(),
  };
}

function sessionOf(queryable: Pick<pg.Pool, 'query'>): Session {
  const query = (text: string, values: readonly Bound[] = []) =>
    queryable.query<Row>(numbered(text), values.map(asParameter));
  return {
    rows: async <R extends Row>(text: string, values?: readonly Bound[]) => (await query(text, values)).rows as R[],
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
  };
}

/** Nothing in a statement is a `?` but the place of a value: names have none. */
function numbered(text: string): string {
  let n = 0;
  return text.replaceAll('?', () => `$${++n}`);
}

/** Numbers and JSON as what they are, bytes as bytes, everything else as the text that the database shows. */
function getTypeParser(oid: number): (text: string) => unknown {
  switch (oid) {
    case pg.types.builtins.BOOL:
      return (text) => text === 't';
    case pg.types.builtins.INT2:
    case pg.types.builtins.INT4:
    case pg.types.builtins.FLOAT4:
    case pg.types.builtins.FLOAT8:
      return Number;
    case pg.types.builtins.INT8:
      return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
    case pg.types.builtins.JSON:
    case pg.types.builtins.JSONB:
      return JSON.parse;
    case pg.types.builtins.TIMESTAMPTZ:
      // In the zone of the session, which everybody knows.
      return (text) => text.replace(/[+-]\d\d(:\d\d)*$/, '');
    case pg.types.builtins.BYTEA:
      return pg.types.getTypeParser(oid);
    default:
      return String;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function faultOf(error: unknown): Fault {
  const { code = 'UNKNOWN' } = error as { code?: string };
  const isServer = error instanceof pg.DatabaseError;
  const isFinal = isServer && (/^2[23]/.test(code) || code === RAISED);
  return {
    code: isServer ? `SQLSTATE_${code}` : code,
    isFinal,
    isDuplicate: code === UNIQUE,
    isCharacter: isServer && UNTRANSLATABLE.has(code),
  };
}
