import type { Command } from 'commander';
import { Option } from 'commander';
import { connect } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { humanSize, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface Period extends GatewayOptions {
  readonly from: string;
  readonly to: string;
}

interface SaveOptions extends Period {
  readonly out: string;
  readonly format: string;
}

interface Tally {
  readonly role: string;
  readonly peer: string;
  readonly item: string;
  readonly mode: string;
  readonly cases: number;
  readonly decided: number;
  readonly onTimeRate?: number;
  readonly medianDays?: number;
  readonly worstDays?: number;
  readonly late: number;
  readonly special: Readonly<Record<string, { readonly count: number; readonly daysStopped: number }>>;
  readonly repeatedNotices: number;
  readonly badRatings: number;
}

/** `tongban report`: how cases went, without anything about anybody. */
export function define(command: Command, cli: Cli): void {
  const statistics = period(command.command('statistics').description('办件统计 / how cases went, by region and item'));
  statistics.option('--out <file>', '另存为 CSV / save as CSV');
  handle<Period & { out?: string }>(gatewayOption(statistics), cli, async ({ gateway, from, to, out }) => {
    const client = await connect(gateway, cli);
    if (out !== undefined) return saved(client, `/v1/statistics?${query({ from, to, format: 'csv' })}`, out);
    const json = await client.get<{ tallies: Tally[] }>('/v1/statistics', { from, to });
    return { json, text: tallyTable(json.tallies) };
  });

  const ledger = period(command.command('ledger').description('办件台账,逐件 / the ledger, a line a case'));
  ledger.requiredOption('--out <file>', '存为 / save as');
  ledger.addOption(new Option('--format <format>', '格式 / format').choices(['csv', 'json']).default('csv'));
  handle<SaveOptions>(gatewayOption(ledger), cli, async ({ gateway, from, to, format, out }) => {
    const client = await connect(gateway, cli);
    return saved(client, `/v1/ledger?${query({ from, to, format })}`, out);
  });
}

function period(command: Command): Command {
  return command
    .requiredOption('--from <day>', '起始日,如 2026-11-01 / first day')
    .requiredOption('--to <day>', '截止日(含) / last day, included');
}

function query(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(values).toString();
}

async function saved(client: Awaited<ReturnType<typeof connect>>, url: string, out: string) {
  const size = await save(await client.download(url), out);
  return { json: { out, size }, text: `已保存 / saved: ${plain(out)} (${humanSize(size)})\n` };
}

function tallyTable(tallies: readonly Tally[]): string {
  const percent = (rate: number | undefined) => (rate === undefined ? undefined : `${(rate * 100).toFixed(1)}%`);
  return table(
    [
      '角色 Role',
      '对端 Peer',
      '事项 Item',
      '模式 Mode',
      '办件 Cases',
      '已决定 Decided',
      '按时 On time',
      '中位 Median',
      '最长 Worst',
      '逾期 Late',
      '特别程序 Special',
      '停止计时 Days stopped',
      '重复告知 Told twice',
      '差评 Bad',
    ],
    tallies.map((row) => [
      row.role,
      row.peer,
      row.item,
      row.mode,
      row.cases,
      row.decided,
      percent(row.onTimeRate),
      row.medianDays,
      row.worstDays,
      row.late,
      sum(row.special, 'count'),
      sum(row.special, 'daysStopped'),
      row.repeatedNotices,
      row.badRatings,
    ]),
    '此期间没有办件 / no cases in this period',
  );
}

function sum(special: Tally['special'], member: 'count' | 'daysStopped'): number {
  return Object.values(special).reduce((total, one) => total + one[member], 0);
}
