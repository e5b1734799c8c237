import { type Command, Option } from 'commander';
import { ERASURE_GROUNDS } from '#proto';
import { type CaseView, caseText } from '../case-text.ts';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { readJson } from '../files.ts';
import { chinaTime, nextPage, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface WishOptions extends GatewayOptions {
  readonly reason: string;
  readonly by?: string;
  readonly ground?: string;
  readonly lift?: boolean;
}

interface Access {
  /** Milliseconds. */
  readonly at: number;
  readonly by: string;
  readonly role: string;
  readonly conversation: string;
  readonly what: string;
  readonly subject: string;
  readonly purpose: string;
}

const KEY = '办件编号或会话标识 / number or conversation of the case';

/** `recall`, `erase`, `hold` and `access`: the personal data of cases (个人信息). */
export function definePersonal(command: Command, cli: Cli): void {
  wish(
    command,
    cli,
    'recall',
    '误发撤回:对方删除并确认 / recall a case sent by mistake before it is accepted',
    () => ({}),
  );
  const erase = wish(
    command,
    cli,
    'erase',
    '删除个人信息,并请求对方删除 / erase what is personal in a case, here and there',
    ({ ground }) => (ground === undefined ? {} : { ground }),
    'erasure',
  );
  erase.addOption(new Option('--ground <word>', '理由 / ground').choices(ERASURE_GROUNDS.slice(0, -1)));
  const hold = wish(command, cli, 'hold', '暂停删除,或解除 / put erasure on hold, or lift the hold', ({ lift }) => ({
    held: lift !== true,
  }));
  hold.option('--lift', '解除暂停 / lift the hold');

  const access = command.command('access').description('谁查阅过个人信息,为何 / who was shown personal data, and why');
  access.argument('[key]', `${KEY};不填则全部 / all cases when left out`);
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(access)), cli, async (options, key) => {
    const { gateway, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const query = { case: key, limit, cursor };
    const json = await client.get<{ accesses: Access[]; next?: string }>('/v1/personal-access', query);
    return { json, text: accessTable(json.accesses) + nextPage(json.next) };
  });
}

/** A command that asks for something with a reason. */
function wish(
  command: Command,
  cli: Cli,
  name: string,
  description: string,
  more: (options: WishOptions) => object,
  route = name,
): Command {
  const made = command.command(name).description(description);
  made.argument('<key>', KEY);
  made.requiredOption('--reason <text>', '事由,长期保存,不写个人信息 / why; it is kept: nothing personal');
  made.option('--by <json>', "经办人,默认收件窗口:文件、'-' 或 JSON / who decides, else the first window");
  handle<WishOptions>(gatewayOption(made), cli, async (options, key) => {
    const { gateway, reason, by } = options;
    const handler = by === undefined ? {} : { by: await readJson(by, '--by', cli.stdin) };
    const client = await connect(gateway, cli);
    const url = `${path`/v1/cases/${key!}`}/${route}`;
    const view = await client.post<CaseView>(url, { reason, ...handler, ...more(options) });
    return { json: view, text: caseText(view) };
  });
  return made;
}

function accessTable(accesses: readonly Access[]): string {
  return table(
    ['时间 Time', '使用方 By', '角色 Role', '内容 What', '用途 Purpose', '办件 Case', '对象 Subject'],
    accesses.map(({ at, by, role, what, purpose, conversation, subject }) => {
      return [chinaTime(at), by, role, what, purpose, conversation, subject];
    }),
    '无人查阅 / nobody was shown anything',
  );
}
