import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '#proto';
import { SqliteConnection } from '../../../store/sqlite/sqlite-connection.ts';
import { migrateSqlite, sqliteVersion } from '../../../store/sqlite/sqlite-migrate.ts';
import { humanSize } from '../../format.ts';
import { type Finding, fine, type Remedy, skipped, warning, wrong } from '../finding.ts';
import { durableWriteMs } from './durable-write.ts';
import { isDamage, isNewer, isOlder, RESTORE, type ReadFacts, type StoreFindings, what } from './store-finding.ts';

/** Bytes of a database that is read through within seconds. */
const QUICK_CHECK_BYTES = 512 * 1024 ** 2;
/** Bytes of the write-ahead log at which something keeps it from being taken over. */
const WAL_WARNING = 1024 ** 3;
/** Milliseconds of one durable write at which every receipt becomes slow. */
const SLOW_WRITE_MS = 100;

const RIGHTS: Remedy = {
  zh: '用网关的系统用户运行 doctor;核对数据目录属主、权限和磁盘是否只读',
  en: 'run doctor as the user of the gateway; check owner and mode of the data folder, and whether the disk is read-only',
  page: 'database',
};

/** Whether the file of the database can be read and written and fits this program. */
export async function checkSqlite(path: string, readFacts: ReadFacts): Promise<StoreFindings> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    return {
      findings: [
        skipped(what, { zh: '数据库尚未建立,首次启动时建立', en: 'no database yet; the first start makes it' }),
      ],
    };
  const walSize = (await stat(`${path}-wal`).catch(() => undefined))?.size ?? 0;
  const read = await readStore(path, found.size + walSize, readFacts);
  // What is damaged is left as it is. With no reader left: whoever closes last tidies up the write-ahead log.
  const writing = read.findings.some(isDamage) ? [] : await checkWriting(path);
  return { ...read, findings: [...read.findings, ...judgeWal(walSize), ...writing] };
}

async function readStore(path: string, size: number, readFacts: ReadFacts): Promise<StoreFindings> {
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(path, { readOnly: true });
    // One snapshot, whatever a running gateway adds meanwhile.
    connection.execute('BEGIN');
    const findings = await readThrough(connection, size);
    if (findings.some(({ level }) => level === 'wrong' || level === 'warning')) return { findings };
    const facts = await readFacts(connection);
    return { ...facts, findings: [...findings, ...facts.findings] };
  } catch (error) {
    if (!isSqlite(error)) throw error;
    return { findings: [unreadable(path, error)] };
  } finally {
    connection?.close();
  }
}

async function readThrough(connection: SqliteConnection, size: number): Promise<Finding[]> {
  const version = await sqliteVersion(connection);
  const ofVersion = await judgeVersion(connection, version);
  if (ofVersion) return [ofVersion];
  if (size > QUICK_CHECK_BYTES)
    return [
      skipped(what, {
        zh: `数据库可读,结构版本 ${version};有 ${humanSize(size)},没有通读,可在夜间用 tongban log verify 全面复核`,
        en: `the database is readable, version ${version}; with ${humanSize(size)} it was not read through: run tongban log verify at night`,
      }),
    ];
  const [first] = await connection.all<{ quick_check: string }>('PRAGMA quick_check(1)');
  if (first?.quick_check !== 'ok')
    return [wrong(what, { zh: '数据库文件已损坏', en: 'the file of the database is damaged' }, RESTORE)];
  return [
    fine(what, {
      zh: `数据库完好,${humanSize(size)},结构版本 ${version}`,
      en: `the database is sound, ${humanSize(size)}, version ${version} of its tables`,
    }),
  ];
}

/** The steps to the newest version need a writer: on a reader they are refused, and nothing changes. */
async function judgeVersion(connection: SqliteConnection, version: number): Promise<Finding | undefined> {
  try {
    await migrateSqlite(connection);
    return undefined;
  } catch (error) {
    return error instanceof CodedError ? isNewer() : isOlder(version);
  }
}

function judgeWal(size: number): Finding[] {
  if (size < WAL_WARNING) return [];
  return [
    warning(
      what,
      { zh: `预写日志已有 ${humanSize(size)}`, en: `the write-ahead log has grown to ${humanSize(size)}` },
      {
        zh: '关闭长时间打开数据库的其他程序(备份、查询工具),再重启网关',
        en: 'close other programs that keep the database open (backup, query tools), then restart the gateway',
        page: 'database',
      },
    ),
  ];
}

/** A lock to write and a durable write beside it: exactly what each receipt costs. Neither changes anything. */
async function checkWriting(path: string): Promise<Finding[]> {
  let writer: SqliteConnection | undefined;
  try {
    writer = new SqliteConnection(path);
    writer.execute('BEGIN IMMEDIATE');
    writer.execute('ROLLBACK');
    const ms = await durableWriteMs(dirname(path));
    const words = {
      zh: `数据库可写,一次落盘写入 ${ms} 毫秒`,
      en: `the database can be written; a durable write takes ${ms} ms`,
    };
    if (ms < SLOW_WRITE_MS) return [fine(what, words)];
    return [
      warning(what, words, {
        zh: '磁盘太慢,每次收发都会变慢:换用固态盘,不要放在网络盘上',
        en: 'the disk is slow, and so is every exchange: use an SSD, and no network drive',
        page: 'database',
      }),
    ];
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!isSqlite(error) && !/^E[A-Z]+$/.test(code)) throw error;
    if (/locked/.test(String(error))) return [locked()];
    return [
      wrong(
        what,
        { zh: `数据库不能写入(${reasonOf(error)})`, en: `the database cannot be written (${reasonOf(error)})` },
        RIGHTS,
      ),
    ];
  } finally {
    writer?.close();
  }
}

function locked(): Finding {
  return warning(
    what,
    { zh: '数据库被占用超过 5 秒', en: 'something held the database for more than five seconds' },
    {
      zh: '关闭直接打开数据库的其他程序(备份、查询工具)',
      en: 'close other programs that open the database (backup, query tools)',
      page: 'database',
    },
  );
}

function unreadable(path: string, error: unknown): Finding {
  const words = {
    zh: `数据库 ${path} 打不开(${reasonOf(error)})`,
    en: `the database ${path} cannot be read (${reasonOf(error)})`,
  };
  return wrong(what, words, /unable to open|readonly/.test(String(error)) ? RIGHTS : RESTORE);
}

function isSqlite(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR';
}

/** SQLite's own words for its code: they name no data. */
function reasonOf(error: unknown): string {
  const { errstr, code } = error as { errstr?: string; code?: string };
  return errstr ?? code ?? 'unknown reason';
}
