import { stat, statfs } from 'node:fs/promises';
import { CodedError, decode, LIMITS } from '#proto';
import type { GatewayConfig } from '../../config/config.ts';
import { migrate } from '../../store/migrations/migrations.ts';
import { SqliteConnection } from '../../store/sqlite-connection.ts';
import { chinaTime, humanSize } from '../format.ts';
import { type Finding, fine, skipped, warning, wrong } from './finding.ts';

/** Bytes below which an operator should make room, and below which the gateway may stop any moment. */
const ROOM_WARNING = 10 * 1024 ** 3;
const ROOM_WRONG = 1024 ** 3;

export interface StoreFindings {
  readonly findings: readonly Finding[];
  /** Milliseconds: what the newest entry of the evidence log says. */
  readonly newestEntryAt?: number;
}

/** Whether the database can be read and fits this program. */
export async function checkStore({ store: { path } }: GatewayConfig): Promise<StoreFindings> {
  const what = 'store';
  if (!(await stat(path).catch(() => undefined)))
    return { findings: [skipped(what, '数据库尚未建立,首次启动时建立', 'no database yet; the first start makes it')] };
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(path, { readOnly: true });
    const version = await connection.get<{ user_version: number }>('PRAGMA user_version');
    const finding = await judgeVersion(connection, version?.user_version ?? 0);
    const newestEntryAt = finding.level === 'fine' ? await newestEntry(connection) : undefined;
    return { findings: [finding], ...(newestEntryAt !== undefined && { newestEntryAt }) };
  } catch {
    return { findings: [wrong(what, `数据库 ${path} 打不开或已损坏`, `the database ${path} cannot be read`)] };
  } finally {
    connection?.close();
  }
}

/** Whether there is room for what comes. */
export async function checkDisk({ data }: GatewayConfig): Promise<Finding> {
  const what = 'disk';
  const { bavail, bsize } = await statfs(data);
  const free = bavail * bsize;
  const text = { zh: `数据盘剩余 ${humanSize(free)}`, en: `${humanSize(free)} are free for the data` };
  if (free < ROOM_WRONG) return wrong(what, `${text.zh};请立即清理`, `${text.en}; make room now`);
  if (free < ROOM_WARNING) return warning(what, `${text.zh};请安排扩容`, `${text.en}; plan to make room`);
  return fine(what, text.zh, text.en);
}

/** A clock far off makes peers refuse our seals. @param times moments that lie behind us, milliseconds */
export function checkClock(now: number, times: readonly (number | undefined)[]): Finding {
  const what = 'clock';
  const latest = Math.max(...times.map((time) => time ?? 0));
  if (now < latest - LIMITS.sealSkewMs)
    return wrong(
      what,
      `本机时钟 ${chinaTime(now)} 早于已有记录 ${chinaTime(latest)};请校时`,
      `the clock says ${chinaTime(now)}, before what was recorded at ${chinaTime(latest)}; set it`,
    );
  return fine(what, `本机时钟 ${chinaTime(now)}(北京时间),不早于已有记录`, 'the clock is not behind what was recorded');
}

/** The steps to the newest version need a writer: on a reader they are refused, and nothing changes. */
async function judgeVersion(connection: SqliteConnection, version: number): Promise<Finding> {
  const what = 'store';
  try {
    await migrate(connection);
    return fine(what, `数据库可读,结构版本 ${version}`, `the database is readable, version ${version} of its tables`);
  } catch (error) {
    if (error instanceof CodedError)
      return wrong(
        what,
        '数据库由更新版本的程序写过;请升级程序',
        'a newer program wrote the database; upgrade this one',
      );
    return warning(
      what,
      `数据库结构版本 ${version} 较旧,下次启动时自动升级`,
      `version ${version} of the tables is old; the next start upgrades them`,
    );
  }
}

async function newestEntry(connection: SqliteConnection): Promise<number | undefined> {
  const row = await connection.get<{ entry: Buffer }>('SELECT entry FROM log_entry ORDER BY position DESC LIMIT 1');
  return row && decode('LogEntry', row.entry).at;
}
