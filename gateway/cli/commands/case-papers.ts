import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { chinaTime, humanSize, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PurposeOptions, purposeOption } from '../options.ts';

interface Paper {
  readonly number: string;
  readonly title: { readonly zh: string };
  readonly issuer: string;
  readonly at: number;
  readonly isAvailable: boolean;
  readonly code?: string;
}

interface GetOptions extends GatewayOptions, PurposeOptions {
  readonly out: string;
  readonly gloss?: boolean;
}

const KEY = '办件编号或会话标识 / number or conversation of the case';

/** `tongban case papers` and `case paper`: notices as documents (文书). */
export function definePapers(command: Command, cli: Cli): void {
  const papers = command.command('papers').description('列出文书 / list the notices of a case');
  papers.argument('<key>', KEY);
  handle<GatewayOptions>(gatewayOption(papers), cli, async ({ gateway }, key) => {
    const client = await connect(gateway, cli);
    const json = await client.get<{ papers: Paper[] }>(path`/v1/cases/${key!}/papers`);
    return { json, text: paperTable(json.papers) };
  });

  const paper = command
    .command('paper')
    .description('取出文书 PDF;未写明用途则为脱敏阅读件 / save a notice as a PDF; masked without a purpose');
  paper.argument('<key>', KEY).argument('<number>', '文号 / number of the notice');
  paper.requiredOption('--out <file>', '存为 / save as');
  paper.option('--gloss', '取中英对照的阅读件 / a copy for reading with English beside it');
  handle<GetOptions>(purposeOption(gatewayOption(paper)), cli, async (options, key, number) => {
    const { gateway, out, gloss, purpose } = options;
    const client = await connect(gateway, cli);
    const query = new URLSearchParams({ ...(gloss && { gloss: 'en' }), ...(purpose !== undefined && { purpose }) });
    const size = await save(await client.download(`${path`/v1/cases/${key!}/papers/${number!}`}?${query}`), out);
    return { json: { out, number, size }, text: `已保存 / saved: ${plain(out)} (${humanSize(size)})\n` };
  });
}

function paperTable(papers: readonly Paper[]): string {
  return table(
    ['文号 Number', '文书 Notice', '出具 Issuer', '时间 Time', '可取用 Available'],
    papers.map(({ number, title, issuer, at, isAvailable, code }) => [
      plain(number),
      title.zh,
      issuer,
      chinaTime(at),
      code ?? (isAvailable ? '是 yes' : '否 not yet'),
    ]),
    '没有文书 / no notices',
  );
}
