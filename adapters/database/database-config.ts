import { isIP } from 'node:net';
import { absentOr, both, fields, integer, list, oneOf, optional, type Problem, type Rule, text } from '#proto';
import { absolutePath, adapterName } from '../config-rules.ts';
import { networksRule } from '../http/targets.ts';

/** Where a database is, and how it is reached. */
export interface DatabasePlace {
  readonly url: string;
  readonly password_file?: string | null;
  /** Whether the server proves who it is; `off` sends everything in the clear. */
  readonly tls?: 'verify-full' | 'off' | null;
  /** PEM of the authorities that may vouch for the server. */
  readonly ca_file?: string | null;
  readonly networks?: readonly string[] | null;
  readonly connections?: number | null;
  /** In which times without a zone are told, such as +08:00. */
  readonly time_zone?: string | null;
}

/** A table in which the platform hands in rows. */
export interface TableConfig {
  readonly name: string;
  /** Column by which a row is known, alone in the table. */
  readonly key: string;
  /** Column with the platform's number of the case: rows of one case keep their order. */
  readonly case?: string | null;
  /** Columns by which rows are taken; the first one compares rows of different tables. */
  readonly sequence?: readonly string[] | null;
  /** Read only: a column that grows with every change, instead of a claim. */
  readonly watermark?: string | null;
  /** How far below the newest watermark rows are looked for that were committed late: seconds, or numbers. */
  readonly overlap?: number | null;
  /** Where the reading of a watermark begins the first time; everything when absent. */
  readonly since?: string | null;
  /** Columns whose change makes a row a new submission; all of them when absent. */
  readonly version?: readonly string[] | null;
}

export interface IntakeConfig {
  readonly tables: readonly TableConfig[];
  readonly poll_ms?: number | null;
  /** Rows of one table that are taken at once. */
  readonly batch?: number | null;
  /** How long a claim holds without a sign of life. */
  readonly lease_ms?: number | null;
  /** Rows under way, or waiting for those of the same case. */
  readonly at_once?: number | null;
}

export interface MaterialsConfig {
  readonly name: string;
  readonly key: string;
  /** Column with the bytes. */
  readonly bytes: string;
}

export interface OutTable {
  readonly name: string;
  /** Column with the id of the event, which makes a repetition known. */
  readonly event: string;
}

/** A table that takes the materials of a row of ours, each as a row of its own (材料表). */
export interface OutMaterials {
  readonly name: string;
  readonly key: string;
  /** Column with the id of the event, as in the row that they belong to. */
  readonly event: string;
  /** Column with the bytes. */
  readonly bytes: string;
  /** Column with the name as a file. */
  readonly file?: string | null;
  /** Largest material that it takes, in MiB. */
  readonly max_mib?: number | null;
}

export interface DatabaseConfig extends DatabasePlace {
  readonly name: string;
  readonly in?: IntakeConfig | null;
  readonly materials?: MaterialsConfig | null;
  readonly out?: OutConfig | null;
}

export interface OutConfig {
  readonly tables: readonly OutTable[];
  readonly materials?: OutMaterials | null;
}

/** Letters of any language, digits and _: names are quoted as well, so that nothing in one can end it. */
const NAME = /^[\p{L}_][\p{L}\p{N}_]{0,62}$/u;
const QUALIFIED = /^[\p{L}_][\p{L}\p{N}_]{0,62}(\.[\p{L}_][\p{L}\p{N}_]{0,62})?$/u;
const MAX_TABLES = 32;

const columnName = text(63, { pattern: NAME, hint: 'must be the name of a column: letters, digits and _' });
const tableName = text(127, {
  pattern: QUALIFIED,
  hint: 'must be the name of a table: letters, digits and _, perhaps SCHEMA.TABLE',
});
const columnList = optional(list(columnName, 8, 1));

/** Whether a name may stand in a statement. */
export function isColumnName(name: string): boolean {
  return NAME.test(name);
}

export const databaseRules: Rule = both(
  fields({
    name: adapterName,
    url: databaseUrl,
    password_file: optional(absolutePath),
    tls: optional(oneOf('verify-full', 'off')),
    ca_file: optional(absolutePath),
    networks: optional(networksRule),
    connections: optional(integer(1, 32)),
    time_zone: optional(text(6, { pattern: /^[+-](0\d|1[0-4]):[0-5]\d$/, hint: 'must be an offset such as +08:00' })),
    in: optional(
      both(
        fields({
          tables: list(
            both(
              fields({
                name: tableName,
                key: columnName,
                case: optional(columnName),
                sequence: columnList,
                watermark: optional(columnName),
                overlap: optional(integer(0, 10_000_000)),
                since: optional(text(40)),
                version: columnList,
              }),
              oneOrder,
            ),
            MAX_TABLES,
            1,
          ),
          poll_ms: optional(integer(10, 3_600_000)),
          batch: optional(integer(1, 1_000)),
          lease_ms: optional(integer(1_000, 86_400_000)),
          at_once: optional(integer(1, 256)),
        }),
        oneWayIn,
      ),
    ),
    materials: absentOr(fields({ name: tableName, key: columnName, bytes: columnName })),
    out: optional(
      fields({
        tables: list(fields({ name: tableName, event: columnName }), MAX_TABLES, 1),
        materials: absentOr(
          fields({
            name: tableName,
            key: columnName,
            event: columnName,
            bytes: columnName,
            file: optional(columnName),
            max_mib: optional(integer(1, 64)),
          }),
        ),
      }),
    ),
  }),
  fits,
);

export interface ServerPlace {
  readonly kind: 'postgres' | 'mysql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** What a URL says that obeys the rules; undefined for every other text. */
export function readDatabaseUrl(value: unknown): ServerPlace | undefined {
  const url = typeof value === 'string' && value.length <= 2048 ? URL.parse(value) : null;
  if (!url || url.search || url.hash) return undefined;
  const kind = { 'postgres:': 'postgres', 'postgresql:': 'postgres', 'mysql:': 'mysql', 'mariadb:': 'mysql' }[
    url.protocol
  ];
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const [database, user] = [plain(url.pathname.slice(1)), plain(url.username)];
  if (!kind || !host || !database || !user || database.includes('/')) return undefined;
  const port = Number(url.port) || (kind === 'postgres' ? 5432 : 3306);
  return { kind: kind as ServerPlace['kind'], host, port, database, user };
}

/** Whether a connection stays on this machine. */
export function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Adds one problem. */
function add(problems: Problem[], pointer: string, code: string, message: string): void {
  problems.push({ pointer, code, message });
}

function plain(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function databaseUrl(value: unknown, pointer: string, problems: Problem[]): void {
  if (typeof value !== 'string') add(problems, pointer, 'REQUIRED', 'is required');
  else if (URL.parse(value)?.password)
    add(problems, pointer, 'SECRET', 'must not hold the password: put it into password_file');
  else if (!readDatabaseUrl(value))
    add(
      problems,
      pointer,
      'FORMAT',
      'must look like postgres://USER@HOST:PORT/DATABASE or mysql://USER@HOST:PORT/DATABASE',
    );
}

function oneOrder(value: unknown, pointer: string, problems: Problem[]): void {
  const { sequence, watermark, overlap, since } = value as TableConfig;
  if (watermark && sequence)
    add(problems, `${pointer}/sequence`, 'CONFLICT', 'must be left out: rows with a watermark are taken by it');
  if (!watermark && !sequence)
    add(problems, `${pointer}/sequence`, 'REQUIRED', 'is required: the columns by which rows are taken');
  if (!watermark && overlap != null) add(problems, `${pointer}/overlap`, 'CONFLICT', 'goes with a watermark');
  if (!watermark && since != null) add(problems, `${pointer}/since`, 'CONFLICT', 'goes with a watermark');
}

/** Rows that are claimed and rows that are only read have no order among each other. */
function oneWayIn(value: unknown, pointer: string, problems: Problem[]): void {
  const { tables } = value as IntakeConfig;
  const isRead = Boolean(tables[0]?.watermark);
  for (const [index, table] of tables.entries()) {
    const at = `${pointer}/tables/${index}`;
    if (Boolean(table.watermark) !== isRead)
      add(
        problems,
        `${at}/watermark`,
        'CONFLICT',
        'must be given for all tables or for none; make two platforms of them',
      );
    if (tables.findIndex(({ name }) => name === table.name) < index)
      add(problems, `${at}/name`, 'DUPLICATE', 'stands in the list already');
  }
}

function fits(value: unknown, pointer: string, problems: Problem[]): void {
  const config = value as DatabaseConfig;
  if (!config.in && !config.out) add(problems, pointer, 'REQUIRED', 'needs tables: in, out or both');
  if (config.tls === 'off' && config.ca_file)
    add(problems, `${pointer}/ca_file`, 'CONFLICT', 'has no use with tls: off');
  if (config.materials && !config.in) add(problems, `${pointer}/materials`, 'CONFLICT', 'goes with in');
}
