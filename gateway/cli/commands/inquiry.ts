import type { Command } from 'commander';
import { Option } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { readJson } from '../files.ts';
import { chinaTime, humanSize, nextPage, pairs, plain, table } from '../format.ts';
import {
  type GatewayOptions,
  gatewayOption,
  type PageOptions,
  type PurposeOptions,
  pageOptions,
  purposeOption,
  purposeQuery,
} from '../options.ts';

interface Summary {
  readonly number: string;
  readonly conversation: string;
  readonly role: string;
  readonly peer: string;
  readonly kind: string;
  readonly item: string;
  readonly stateLabel: { readonly zh: string; readonly en: string };
  readonly subject?: { readonly name: string; readonly documentNumber: string };
  readonly askedAt: number;
  readonly replyBy: number;
  readonly isLate: boolean;
  readonly code?: string;
}

interface Inquiry extends Summary {
  readonly masked: boolean;
  readonly question: string;
  readonly legalBasis: string;
  readonly answer?: { readonly outcome: string; readonly answer: string; readonly at: number };
  readonly withdrawal?: { readonly reason: string; readonly at: number };
}

interface ListOptions extends GatewayOptions, PageOptions {
  readonly state?: string;
  readonly role?: string;
  readonly kind?: string;
  readonly peer?: string;
}

const KEY = '协查函号或会话标识 / number or conversation of the inquiry';

/** `tongban inquiry`: what regions ask each other outside any case. */
export function define(command: Command, cli: Cli): void {
  const ask = command.command('ask').description('向外地协查或咨询 / ask another region');
  ask.argument('<file>', "询问 JSON,'-' 为标准输入 / the question as JSON, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(ask), cli, async ({ gateway }, file) => {
    const input = await readJson(file!, 'the question', cli.stdin);
    return shown(await (await connect(gateway, cli)).post<Inquiry>('/v1/inquiries', input));
  });

  const list = command.command('list').description('列出协查与咨询 / list inquiries');
  list
    .option('--state <state>', '状态 / state: open, answered, withdrawn, rejected')
    .addOption(new Option('--role <role>', '我方为询问方或被询问方 / our part').choices(['asking', 'asked']))
    .addOption(new Option('--kind <kind>', '协查或咨询 / kind').choices(['verification', 'consultation']))
    .option('--peer <region>', '对端地区 / the other region');
  handle<ListOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, ...options }) => {
    const { state, role, kind, peer, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const query = { state, role, kind, peer, limit, cursor };
    const json = await client.get<{ inquiries: Summary[]; next?: string }>('/v1/inquiries', query);
    return { json, text: listed(json.inquiries) + nextPage(json.next) };
  });

  const show = command.command('show').description('查看协查或咨询 / show an inquiry');
  show.argument('<key>', KEY);
  handle<GatewayOptions & PurposeOptions>(purposeOption(gatewayOption(show)), cli, async (options, key) => {
    const url = path`/v1/inquiries/${key!}` + purposeQuery(options);
    return shown(await (await connect(options.gateway, cli)).get<Inquiry>(url));
  });

  const evidence = command.command('evidence').description('导出存证包 / export the evidence of an inquiry');
  evidence.argument('<key>', KEY).requiredOption('--out <file>', '存为 / save as');
  handle<GatewayOptions & PurposeOptions & { out: string }>(
    purposeOption(gatewayOption(evidence)),
    cli,
    async ({ gateway, out, ...purpose }, key) => {
      const url = path`/v1/inquiries/${key!}/evidence` + purposeQuery(purpose);
      const size = await save(await (await connect(gateway, cli)).download(url), out);
      return { json: { out, size }, text: `已导出 / exported: ${plain(out)} (${humanSize(size)})\n` };
    },
  );

  for (const [act, description] of [
    ['answer', '答复 / answer'],
    ['withdraw', '撤回我方的询问 / take an inquiry of ours back'],
  ] as const) {
    const acting = command.command(act).description(description);
    acting.argument('<key>', KEY);
    acting.requiredOption('--data <json>', "内容:文件、'-' 或 JSON / its data: a file, '-' or JSON itself");
    handle<GatewayOptions & { data: string }>(gatewayOption(acting), cli, async ({ gateway, data }, key) => {
      const body = await readJson(data, '--data', cli.stdin);
      const client = await connect(gateway, cli);
      return shown(await client.post<Inquiry>(`${path`/v1/inquiries/${key!}`}/${act}`, body));
    });
  }
}

function shown(inquiry: Inquiry): Answer {
  const { number, conversation, role, peer, kind, item, stateLabel, subject, question, legalBasis } = inquiry;
  const { answer, withdrawal, askedAt, replyBy, isLate, code, masked } = inquiry;
  const text = pairs([
    ['编号 Number', number],
    ['会话 Conversation', conversation],
    ['种类 Kind', kind],
    ['我方 Our part', role],
    ['对端 Peer', peer],
    ['事项 Item', item],
    ['状态 State', `${stateLabel.zh} ${stateLabel.en}`],
    ['对象 Subject', subject && `${subject.name} ${subject.documentNumber}`],
    ['所询 Question', question],
    ['依据 Basis', legalBasis],
    ['询问 Asked', chinaTime(askedAt)],
    ['期限 Reply by', chinaTime(replyBy) + (isLate ? ' 逾期 late' : '')],
    ['答复 Answer', answer && `${answer.outcome} ${chinaTime(answer.at)} ${answer.answer}`],
    ['撤回 Withdrawn', withdrawal && `${chinaTime(withdrawal.at)} ${withdrawal.reason}`],
    ['代码 Code', code],
    ['脱敏 Masked', masked ? '是,写明 --purpose 可见 / yes; say --purpose' : undefined],
  ]);
  return { json: inquiry, text };
}

function listed(inquiries: readonly Summary[]): string {
  return table(
    ['编号 Number', '种类 Kind', '我方 Our part', '对端 Peer', '事项 Item', '状态 State', '期限 Reply by'],
    inquiries.map(({ number, kind, role, peer, item, stateLabel, replyBy, isLate }) => [
      number,
      kind,
      role,
      peer,
      item,
      `${stateLabel.zh} ${stateLabel.en}`,
      chinaTime(replyBy) + (isLate ? ' 逾期 late' : ''),
    ]),
    '没有协查或咨询 / there is no inquiry',
  );
}
