import type { Command } from 'commander';
import { CodedError, identityDocumentTypes } from '#proto';
import { STATUS_WORDS } from '#trust';
import { statusText } from '../certificate/status-text.ts';
import { connect } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readText } from '../files.ts';
import { nextPage, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

/** Filters that say nothing about a person. */
interface FilterOptions extends GatewayOptions, PageOptions {
  readonly type?: string;
  readonly number?: string;
  readonly issuer?: string;
  readonly case?: string;
  readonly status?: string;
}

interface SearchOptions extends FilterOptions {
  readonly holderNumberFile?: string;
  readonly holderNameFile?: string;
  readonly documentType?: string;
  readonly purpose: string;
}

interface Listed {
  readonly certificates: readonly {
    readonly identifier: string;
    readonly issuer: string;
    readonly status: string;
    readonly certificate: {
      readonly typeName?: string;
      readonly number?: string;
      readonly holder?: { readonly name?: string; readonly number?: string };
    };
  }[];
  readonly next?: string;
}

/** Bytes of a file with one number or one name. */
const MAX_FACT_BYTES = 4096;

/** `list` and `search`: find certificates of the library (证照库). */
export function defineSearch(command: Command, cli: Cli): void {
  const list = filterOptions(command.command('list').description('列出电子证照 / list certificates of the library'));
  handle<FilterOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor, ...options }) => {
    const client = await connect(gateway, cli);
    return listAnswer(await client.get<Listed>('/v1/certificates', { ...filterOf(options), limit, cursor }));
  });

  const search = command
    .command('search')
    .description('按持证主体查找电子证照(留痕) / find the certificates of a holder; it is recorded');
  search
    .option(
      '--holder-number-file <file>',
      "证件号码所在文件,'-' 为标准输入 / file with the number, '-' for standard input",
    )
    .option(
      '--holder-name-file <file>',
      "姓名或名称所在文件,'-' 为标准输入 / file with the name, '-' for standard input",
    )
    .option('--document-type <type>', `证件类型 / kind of document: ${identityDocumentTypes.join(', ')}`)
    .requiredOption('--purpose <text>', '用途 / why it is asked');
  handle<SearchOptions>(pageOptions(gatewayOption(filterOptions(search))), cli, async (options) => {
    const { gateway, purpose, limit, cursor, documentType } = options;
    const holder = { ...(await holderOf(options, cli)), documentType };
    const client = await connect(gateway, cli);
    const body = { holder, purpose, ...filterOf(options), limit, cursor };
    return listAnswer(await client.post<Listed>('/v1/certificates/search', body));
  });
}

function filterOptions(command: Command): Command {
  return command
    .option('--type <code>', '证照类型代码 / code of the type')
    .option('--number <text>', '证照编号 / number of the certificate')
    .option('--issuer <region>', '签发地区 / region that issued')
    .option('--case <key>', '会话号或办件编号 / conversation or case number')
    .option('--status <word>', `最后决定 / what was decided last: ${STATUS_WORDS.join(', ')}`);
}

function filterOf({ type, number, issuer, case: key, status }: Omit<FilterOptions, 'gateway'>) {
  return { type, number, issuer, case: key, status };
}

/** Whose certificates: never from the command line, which others on the machine can see and shells remember. */
async function holderOf({ holderNumberFile, holderNameFile }: SearchOptions, cli: Cli) {
  if (holderNumberFile === undefined && holderNameFile === undefined)
    throw new CodedError('VALIDATION_FAILED', '--holder-number-file or --holder-name-file says whose certificates');
  if (holderNumberFile === '-' && holderNameFile === '-')
    throw new CodedError('VALIDATION_FAILED', 'only one of number and name can come from the standard input');
  const fact = async (source: string | undefined) =>
    source === undefined
      ? undefined
      : (source === '-' ? await cli.stdin() : await readText(source, MAX_FACT_BYTES)).trim();
  return { number: await fact(holderNumberFile), name: await fact(holderNameFile) };
}

function listAnswer(json: Listed): Answer {
  const rows = json.certificates.map(({ identifier, issuer, status, certificate }) => {
    const { typeName, number, holder } = certificate;
    return [identifier, typeName, number, issuer, statusText(status), holder?.name];
  });
  const shown = table(
    ['标识 Identifier', '类型 Type', '编号 Number', '签发 Issuer', '状态 Status', '持证主体 Holder'],
    rows,
    '没有符合条件的证照 / no certificate fits',
  );
  return { json, text: shown + nextPage(json.next) };
}
