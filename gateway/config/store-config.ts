import { both, fields, integer, oneOf, optional, type Problem, type Rule, text } from '#proto';

/** A database of a PostgreSQL server that one gateway has for itself. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  /** Name or address of the server, or the folder of its socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Without a file the environment says the password, where the server asks for one. */
  readonly passwordFile: string | undefined;
  /** Whether the server proves who it is; `off` sends everything in the clear. */
  readonly tls: 'verify-full' | 'off';
  /** PEM of the authorities that may vouch for the server; those of the system when absent. */
  readonly caFile: string | undefined;
  /** Connections that read, at most. Two more write, and clean up. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** How long a statement waits for a lock that somebody else holds. */
  readonly lockTimeoutMs: number;
}

export type StoreConfig = { readonly kind: 'sqlite'; readonly path: string } | PostgresConfig;

/** The section as the file spells it. */
export interface StoreSection {
  kind?: 'sqlite' | 'postgres' | null;
  path?: string | null;
  postgres?: {
    url: string;
    password_file?: string | null;
    tls?: 'verify-full' | 'off' | null;
    ca_file?: string | null;
    connections?: number | null;
    connect_timeout_ms?: number | null;
    statement_timeout_ms?: number | null;
    lock_timeout_ms?: number | null;
  } | null;
}

const path = text(4096);

export const storeRule: Rule = both(
  fields({
    kind: optional(oneOf('sqlite', 'postgres')),
    path: optional(path),
    postgres: optional(
      both(
        fields({
          url: databaseUrl,
          password_file: optional(path),
          tls: optional(oneOf('verify-full', 'off')),
          ca_file: optional(path),
          connections: optional(integer(1, 100)),
          connect_timeout_ms: optional(integer(100, 60_000)),
          statement_timeout_ms: optional(integer(1_000, 600_000)),
          lock_timeout_ms: optional(integer(100, 600_000)),
        }),
        tlsFits,
      ),
    ),
  }),
  oneKind,
);

/** @param inData resolves a path against the data folder */
export function storeOf({ path: file, postgres }: StoreSection, inData: (path: string) => string): StoreConfig {
  if (!postgres) return { kind: 'sqlite', path: inData(file ?? 'gateway.db') };
  const { host, port, database, user } = readUrl(postgres.url)!;
  return {
    kind: 'postgres',
    host,
    port,
    database,
    user,
    passwordFile: postgres.password_file ? inData(postgres.password_file) : undefined,
    tls: postgres.tls ?? (isLocal(host) ? 'off' : 'verify-full'),
    caFile: postgres.ca_file ? inData(postgres.ca_file) : undefined,
    connections: postgres.connections ?? 8,
    connectTimeoutMs: postgres.connect_timeout_ms ?? 5_000,
    statementTimeoutMs: postgres.statement_timeout_ms ?? 30_000,
    lockTimeoutMs: postgres.lock_timeout_ms ?? 10_000,
  };
}

/** Both kinds in one section are a mistake, whichever is meant. */
function oneKind(value: unknown, pointer: string, problems: Problem[]): void {
  const { kind, path: file, postgres } = (value ?? {}) as StoreSection;
  if (kind === 'postgres' && !postgres)
    problems.push({ pointer: `${pointer}/postgres`, code: 'REQUIRED', message: 'is required' });
  if (kind === 'sqlite' && postgres)
    problems.push({ pointer: `${pointer}/postgres`, code: 'CONFLICT', message: "does not go with kind 'sqlite'" });
  if (file && postgres)
    problems.push({
      pointer: `${pointer}/path`,
      code: 'CONFLICT',
      message: "is the file of a SQLite database, which does not go with 'postgres'",
    });
}

function databaseUrl(value: unknown, pointer: string, problems: Problem[]): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url && url.password !== '')
    problems.push({
      pointer,
      code: 'SECRET',
      message: 'must not hold the password: put it into password_file or into TONGBAN_STORE_PASSWORD',
    });
  else if (typeof value !== 'string' || !readUrl(value))
    problems.push({
      pointer,
      code: 'FORMAT',
      message:
        "must be 'postgres://user@host:port/database', or 'postgres:///database?host=/folder&user=name' for a socket",
    });
}

function tlsFits(value: unknown, pointer: string, problems: Problem[]): void {
  const { url, tls, ca_file } = value as { url?: unknown; tls?: unknown; ca_file?: unknown };
  const host = typeof url === 'string' ? readUrl(url)?.host : undefined;
  if (tls === 'off' && ca_file)
    problems.push({
      pointer: `${pointer}/ca_file`,
      code: 'CONFLICT',
      message: "is not looked at while 'tls' is 'off'",
    });
  if (tls === 'verify-full' && host?.startsWith('/'))
    problems.push({ pointer: `${pointer}/tls`, code: 'CONFLICT', message: 'a socket has no TLS' });
}

/** @returns undefined for what is not the address of a database */
function readUrl(text: string): { host: string; port: number; database: string; user: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, hostname, port, pathname, hash, searchParams } = new URL(text);
  const database = /^\/([^/]{1,63})$/.exec(pathname)?.[1];
  const { host: folder, user = decodeURIComponent(username), ...others } = Object.fromEntries(searchParams);
  const host = hostname === '' && folder?.startsWith('/') ? folder : hostname.replace(/^\[|\]$/g, '');
  const isOther = !/^postgres(ql)?:$/.test(protocol) || hash !== '' || Object.keys(others).length > 0;
  if (isOther || !database || host === '' || user === '') return undefined;
  return { host, port: Number(port || 5432), database: decodeURIComponent(database), user };
}

/** What is sent there does not leave the machine. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
