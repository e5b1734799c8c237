import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { CodedError } from '#proto';
import type { AuditRecord } from '../../audit/audit-record.ts';
import { type AuditExport, verifyAuditExport } from '../../audit/verify-export.ts';
import { connect } from '../client.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { chinaTime, nextPage, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';
import { readStatements } from '../statements.ts';

interface FilterOptions extends GatewayOptions {
  readonly since?: string;
  readonly until?: string;
  readonly subject?: string;
  readonly route?: string;
}

type Shown = AuditRecord & { readonly subject?: string };

/** `tongban audit`: what was done through the API (操作审计), for the administrator of the audit. */
export function define(command: Command, cli: Cli): void {
  const list = filterOptions(command.command('list').description('操作审计,新的在前 / what was done, newest first'));
  handle<FilterOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async (options) => {
    const { gateway, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const query = { ...queryOf(options), limit, cursor };
    const json = await client.get<{ records: Shown[]; next?: string }>('/v1/audit', query);
    return { json, text: recordTable(json.records) + nextPage(json.next) };
  });

  const out = filterOptions(
    command.command('export').description('导出记录及其存证证明 / records with the proofs that the log has them'),
  );
  out.requiredOption('--out <file>', '存为,每行一页 / save as, a page a line');
  handle<FilterOptions & { out: string }>(gatewayOption(out), cli, (options) => exported(options, cli));

  const verify = command.command('verify').description('离线核验导出的记录 / verify exported records offline');
  verify.argument('<file>', '导出的文件 / file of an export');
  verify.requiredOption('--region <statement>', '本地区声明文件 / statement file of the region');
  handle<CommonOptions & { region: string }>(verify, cli, ({ region }, file) => verified(file!, region));
}

function filterOptions(command: Command): Command {
  return command
    .option('--since <date>', '自,如 2026-11-01 / from')
    .option('--until <date>', '至,不含 / to, not included')
    .option('--subject <name>', '操作者 / subject of the token')
    .option('--route <route>', "接口,如 'POST /v1/peers' / method and pattern of the path");
}

function queryOf({ since, until, subject, route }: FilterOptions) {
  return { since: instantOf(since, '--since'), until: instantOf(until, '--until'), subject, route };
}

/** A day begins in China. */
function instantOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00+08:00` : text);
  if (Number.isNaN(at)) throw new CodedError('VALIDATION_FAILED', `${option} must be a date such as 2026-11-01`);
  return at;
}

async function exported(options: FilterOptions & { out: string }, cli: Cli): Promise<Answer> {
  const client = await connect(options.gateway, cli);
  const file = await open(options.out, 'wx', 0o600).catch((cause) => {
    throw new CodedError('CONFLICT', `cannot make ${options.out}; it may exist`, [], { cause });
  });
  let count = 0;
  try {
    for (let cursor: string | undefined; ; ) {
      const query = { ...queryOf(options), cursor };
      const { next, ...page } = await client.get<AuditExport & { next?: string }>('/v1/audit/export', query);
      if (page.records.length > 0) await file.write(`${JSON.stringify(page)}\n`);
      count += page.records.length;
      if (next === undefined) break;
      cursor = next;
    }
  } finally {
    await file.close();
  }
  return {
    json: { out: options.out, records: count },
    text: `已导出 / exported: ${plain(options.out)} (${count})\n`,
  };
}

async function verified(path: string, statementFile: string): Promise<Answer> {
  const [statement] = await readStatements([statementFile]);
  const file = await open(path).catch((cause) => {
    throw new CodedError('NOT_FOUND', `cannot read ${path}`, [], { cause });
  });
  let records = 0;
  for await (const line of file.readLines()) records += verifyAuditExport(parsed(line), statement!);
  return { json: { verified: true, records }, text: `核验通过 / VERIFIED: ${records} 条记录 / records\n` };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CodedError('BUNDLE_INVALID', 'is no export of audit records', [], { cause });
  }
}

function recordTable(records: readonly Shown[]): string {
  return table(
    ['时间 Time', '操作者 Who', '角色 Role', '认证 Factor', '接口 Route', '对象 Target', '结果 Outcome', '次数 Count'],
    records.map(({ at, subject, actor, role, factor, route, target, outcome, count }) => {
      return [chinaTime(at), subject ?? actor.slice(0, 8), role, factor, route, target, outcome, String(count)];
    }),
    '没有记录 / no record',
  );
}
