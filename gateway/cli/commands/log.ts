import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { CodedError, ERROR_CODES } from '#proto';
import { verifyStatement } from '#trust';
import { type LogReport, verifyLog } from '../../evidence/verify-log.ts';
import { SqliteConnection } from '../../store/sqlite-connection.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { pairs, table } from '../format.ts';
import { configIn, readOwnStatement } from '../gateway-folder.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

/** `tongban log`: the evidence log of this gateway. */
export function define(command: Command, cli: Cli): void {
  const verify = command
    .command('verify')
    .description('离线复核存证日志(网关可在运行) / recompute the log from the database');
  handle<GatewayOptions>(gatewayOption(verify), cli, (options) => verifyOwnLog(options.gateway));
}

async function verifyOwnLog(gateway: string): Promise<Answer> {
  const config = await configIn(gateway);
  const statement = await verifyStatement(await readOwnStatement(config));
  const connection = await openReadOnly(config.store.path);
  try {
    // One snapshot of the database, whatever a running gateway adds meanwhile.
    connection.execute('BEGIN');
    const report = await verifyLog(connection, statement);
    return { json: { verified: report.faults.length === 0, ...report }, text: logText(report), exit: exitOf(report) };
  } finally {
    connection.close();
  }
}

async function openReadOnly(path: string): Promise<SqliteConnection> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CodedError('NOT_FOUND', `there is no database at ${path}; has the gateway ever been started?`);
  try {
    return new SqliteConnection(path, { readOnly: true });
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `cannot open the database ${path}`, [], { cause });
  }
}

function logText({ region, epoch, size, waiting, records, faults }: LogReport): string {
  const facts = pairs([
    ['结果 Result', faults.length === 0 ? '核验通过 VERIFIED' : '核验未通过 NOT VERIFIED'],
    ['日志 Log', `${region}/${epoch}`],
    ['已收录 In the tree', size],
    ['待收录 Waiting', waiting],
    ['对应记录 Records', records],
  ]);
  if (faults.length === 0) return facts;
  const rows = faults.map(({ where, code, message }) => [where, code, ERROR_CODES[code].zh, message]);
  return `${facts}\n${table(['位置 Where', '代码 Code', '含义 Meaning', '详情 Detail'], rows, '')}`;
}

function exitOf({ faults }: LogReport): 0 | 1 {
  return faults.length === 0 ? 0 : 1;
}
