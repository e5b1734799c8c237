import { type Command, Option } from 'commander';
import { LETTER_QUEUES, LETTER_REASONS, type LetterReason } from '../../dead-letter/letter.ts';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { chinaTime, nextPage, pairs, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Letter {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly subject: string;
  readonly type: string;
  readonly sequence: number;
  readonly reason: LetterReason;
  readonly code: string;
  /** Milliseconds. */
  readonly since: number;
  readonly deadAt: number;
  readonly closing?: {
    readonly outcome: string;
    readonly successor: string;
    readonly by: string;
    readonly reason: string;
    readonly at: number;
  };
}

interface Shown {
  readonly letter: Letter;
  readonly detail: {
    readonly expiresAt?: number;
    readonly waiting?: number;
    readonly attempts?: number;
    readonly message?: string;
    readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
    readonly key?: string;
  };
  readonly earlier: readonly Letter[];
}

interface ListOptions extends GatewayOptions, PageOptions {
  readonly queue?: string;
  readonly name?: string;
  readonly closed?: boolean;
}

const ID = '死信编号(见 list) / id, as list shows it';

/** `tongban dead-letter`: what left a queue undelivered (死信). */
export function define(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出死信,不含内容 / what left a queue undelivered; no content');
  list.addOption(
    new Option('--queue <word>', '发往对端、发往本地平台、平台交办 / for peers, for platforms, from platforms').choices(
      LETTER_QUEUES,
    ),
  );
  list.option('--name <text>', '对端地区代码或平台名称 / peer or platform');
  list.option('--closed', '已处理的 / those that were dealt with');
  handle<ListOptions>(pageOptions(gatewayOption(list)), cli, async (options) => {
    const { gateway, queue, name, closed, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const query = { queue, name, state: closed ? 'closed' : undefined, limit, cursor };
    const json = await client.get<{ letters: Letter[]; next?: string }>('/v1/dead-letters', query);
    return { json, text: letterTable(json.letters) + nextPage(json.next) };
  });

  const show = command.command('show').description('查看一封死信 / one letter with everything but its content');
  show.argument('<id>', ID);
  handle<GatewayOptions>(gatewayOption(show), cli, async ({ gateway }, id) => {
    const json = await (await connect(gateway, cli)).get<Shown>(path`/v1/dead-letters/${id!}`);
    const earlier = json.earlier.length === 0 ? '' : `\n以往记录 / before:\n${letterTable(json.earlier)}`;
    return { json, text: shownText(json) + earlier };
  });

  act(
    command,
    cli,
    'retry',
    '重发:放回原位,过期的按新时间重发,交办的再办 / put it back; what expired is said anew; a submission is taken again',
    '已放回 / put back',
  );
  act(command, cli, 'drop', '放弃:后面的继续 / give it up for good; what stands behind it goes on', '已放弃 / dropped');
}

function act(command: Command, cli: Cli, name: string, description: string, done: string): void {
  const made = command.command(name).description(description);
  made.argument('<id>', ID);
  made.requiredOption('--reason <text>', '事由,长期留存 / why; it is kept');
  handle<GatewayOptions & { reason: string }>(gatewayOption(made), cli, async ({ gateway, reason }, id) => {
    const client = await connect(gateway, cli);
    const letter = await client.post<Letter>(path`/v1/dead-letters/${id!}/${name}`, { reason });
    return { json: letter, text: `${done}: ${plain(letter.id)}\n${letterText(letter)}` };
  });
}

function letterTable(letters: readonly Letter[]): string {
  return table(
    [
      '编号 Id',
      '对方 With',
      '类型 Type',
      '会话 Subject',
      '序号 No.',
      '原因 Reason',
      '代码 Code',
      '时间 Dead at',
      '处理 Outcome',
    ],
    letters.map(({ id, name, type, subject, sequence, reason, code, deadAt, closing }) => {
      return [id, name, type, subject, sequence, reasonText(reason), code, chinaTime(deadAt), closing?.outcome ?? ''];
    }),
    '没有死信 / no dead letter',
  );
}

function shownText({ letter, detail }: Shown): string {
  return (
    letterText(letter) +
    pairs([
      ['失效 Expires', detail.expiresAt === undefined ? undefined : chinaTime(detail.expiresAt)],
      ['后面等待 Waiting behind', detail.waiting],
      ['投递次数 Attempts', detail.attempts],
      ['说明 Said', detail.message],
      ['交办标识 Key', detail.key],
      ...(detail.problems ?? []).map(({ pointer, message }) => ['问题 Problem', `${pointer} ${message}`] as const),
    ])
  );
}

function letterText({ name, type, subject, sequence, reason, code, since, deadAt, closing }: Letter): string {
  return pairs([
    ['对方 With', name],
    ['类型 Type', type],
    ['会话 Subject', subject],
    ['序号 No.', sequence],
    ['原因 Reason', reasonText(reason)],
    ['代码 Code', code],
    ['开始 Since', chinaTime(since)],
    ['成为死信 Dead at', chinaTime(deadAt)],
    ['处理 Outcome', closing && `${closing.outcome} ${chinaTime(closing.at)} ${closing.by}`],
    ['事由 Reason given', closing?.reason],
    ['代替报文 Sent instead', closing?.successor],
  ]);
}

function reasonText(reason: LetterReason): string {
  return `${LETTER_REASONS[reason].zh} ${reason}`;
}
