import { type Command, Option } from 'commander';
import { STATUS_WORDS, type StatusWord } from '#trust';
import { GROUNDS } from '../../certificate/notice/words.ts';
import { type SentNotice, untoldNotes } from '../certificate/notices.ts';
import { type CertificateRecord, recordAnswer } from '../certificate/record.ts';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { pairs } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

type ReasonOptions = GatewayOptions & { readonly reason: string; readonly ground?: string };

type Decided = CertificateRecord & { readonly notices: readonly SentNotice[] };

/** The words of the trade as commands, each with what it makes of a certificate. */
const DECISIONS: readonly (readonly [name: string, status: StatusWord, description: string])[] = [
  ['suspend', 'suspended', '暂停(可恢复) / suspend one of ours; it may be restored'],
  ['restore', 'valid', '恢复已暂停的证照 / end its suspension'],
  ['cancel', 'cancelled', '注销:不再需要或主体消灭 / it is no longer needed, or its holder is gone'],
  ['revoke', 'revoked', '撤销:本不应颁发 / it should never have been issued'],
  ['withdraw', 'withdrawn', '吊销:行政处罚 / a penalty ends it'],
];

/** How a certificate of ours stands is changed, and published. */
export function defineStatus(command: Command, cli: Cli): void {
  for (const [name, status, description] of DECISIONS) {
    const decision = command.command(name).description(description);
    decision.argument('<identifier>', '电子证照标识 / identifier');
    handle<ReasonOptions>(reasonOption(gatewayOption(decision)), cli, (options, identifier) =>
      decide(options, identifier!, status),
    );
  }

  const status = command
    .command('status')
    .description('变更电子证照状态,同上各项 / change the status of one of ours, like the commands above');
  status
    .argument('<identifier>', '电子证照标识 / identifier')
    .argument('<status>', `新状态 / new status: ${STATUS_WORDS.join(', ')}`);
  handle<ReasonOptions>(reasonOption(gatewayOption(status)), cli, (options, identifier, next) =>
    decide(options, identifier!, next!),
  );

  const lists = command.command('status-list').description('证照状态列表 / the status lists of our certificates');
  const exported = lists
    .command('export')
    .description('导出为静态文件,供任意网站发布 / write them as files for any web server');
  exported.argument('<dir>', '目录 / folder');
  handle<GatewayOptions>(gatewayOption(exported), cli, async ({ gateway }, folder) => {
    const { exportStatusLists } = await import('../export-status-lists.ts');
    return exportStatusLists(await connect(gateway, cli), folder!);
  });

  async function decide({ gateway, reason, ground }: ReasonOptions, identifier: string, next: string): Promise<Answer> {
    const client = await connect(gateway, cli);
    const body = { status: next, reason, ...(ground !== undefined && { ground }) };
    const decided = await client.post<Decided>(path`/v1/certificates/${identifier}/status`, body);
    const answer = await recordAnswer(decided);
    // What was decided stands, whoever could not be told of it.
    const told = decided.notices.map(({ peer, state }) => `${peer} ${state}`).join(', ');
    const text = `${answer.text}${pairs([['告知 Notices', told]])}`;
    return { ...answer, text, notes: untoldNotes(decided.notices) };
  }
}

function reasonOption(command: Command): Command {
  return command
    .requiredOption(
      '--reason <text>',
      '理由,会告知其他地区,勿写个人信息 / why; other regions are told, so no personal data',
    )
    .addOption(new Option('--ground <word>', '变更原因 / ground').choices(GROUNDS));
}
