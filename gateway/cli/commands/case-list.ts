import { type Command, InvalidArgumentError, Option } from 'commander';
import { CodedError, identityDocumentTypes, MODES } from '#proto';
import { momentOf, parseDay } from '../../calendar/china-day.ts';
import { CASE_ORDERS, CASE_ROLES } from '../../case/search/case-filter.ts';
import { type CaseSummary, caseTable } from '../case-text.ts';
import { connect } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readText } from '../files.ts';
import { nextPage } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions, purposeOption } from '../options.ts';

interface FilterOptions extends GatewayOptions, PageOptions {
  readonly state?: string;
  readonly item?: string;
  readonly peer?: string;
  readonly role?: string;
  readonly mode?: string;
  readonly number?: string;
  /** Milliseconds. */
  readonly dueBefore?: number;
  readonly overdue?: true;
  /** Milliseconds. */
  readonly updatedSince?: number;
}

interface SearchOptions extends FilterOptions {
  readonly documentType?: string;
  readonly numberFile?: string;
  readonly nameFile?: string;
  readonly purpose?: string;
}

interface Listed {
  readonly cases: readonly CaseSummary[];
  readonly next?: string;
}

/** Bytes of a file with one number or one name. */
const MAX_FACT_BYTES = 4096;

/** `list` and `search`: find cases (办件) by what they are, and by whose they are. */
export function defineCaseList(command: Command, cli: Cli): void {
  const list = filterOptions(command.command('list').description('列出办件 / list cases'));
  list.addOption(
    new Option('--order <order>', '顺序,默认随条件 / order, by default as the filters suggest').choices(CASE_ORDERS),
  );
  handle<FilterOptions & { order?: string }>(pageOptions(gatewayOption(list)), cli, async (options) => {
    const { gateway, order, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const { overdue, ...filter } = filterOf(options);
    const query = { ...filter, ...(overdue && { overdue: 'true' }), order, limit, cursor };
    return listAnswer(await client.get<Listed>('/v1/cases', query));
  });

  const search = command
    .command('search')
    .description('按申请人查找办件(留痕) / find the cases of an applicant; it is recorded');
  search
    .option('--number-file <file>', "证件号码所在文件,'-' 为标准输入 / file with the number, '-' for standard input")
    .option('--name-file <file>', "姓名或名称所在文件,'-' 为标准输入 / file with the name, '-' for standard input")
    .option('--document-type <type>', `证件类型 / kind of document: ${identityDocumentTypes.join(', ')}`);
  handle<SearchOptions>(pageOptions(purposeOption(gatewayOption(filterOptions(search)))), cli, async (options) => {
    const { gateway, documentType, purpose, limit, cursor } = options;
    if (purpose === undefined) throw new CodedError('PURPOSE_REQUIRED');
    const applicant = { documentType, ...(await factsOf(options, cli)) };
    const client = await connect(gateway, cli);
    const { state, ...filter } = filterOf(options);
    const body = { applicant, purpose, ...filter, ...(state && { state: state.split(',') }), limit, cursor };
    return listAnswer(await client.post<Listed>('/v1/cases/search', body));
  });
}

function filterOptions(command: Command): Command {
  return command
    .option('--state <states>', '状态,逗号分隔 / states, with commas between them')
    .option('--item <code>', '事项编码 / item code')
    .option('--peer <region>', '对端地区 / the other region')
    .addOption(new Option('--role <role>', '收件地或办理地 / our part').choices(CASE_ROLES))
    .addOption(new Option('--mode <mode>', '通办模式 / mode').choices(MODES))
    .option('--number <digits>', '办件编号的开头 / digits with which our number begins')
    .option('--due-before <day>', '时限届满早于某日 / a limit runs out before a day, as in 2026-12-01', beginningOf)
    .option('--overdue', '时限已届满 / a limit has run out')
    .option('--updated-since <day>', '某日以来有变化 / changed since a day', beginningOf);
}

function filterOf({ state, item, peer, role, mode, number, dueBefore, overdue, updatedSince }: FilterOptions) {
  return { state, item, peer, role, mode, number, dueBefore, overdue, updatedSince };
}

/** When a day begins in China, in milliseconds. */
function beginningOf(text: string): number {
  const day = parseDay(text);
  if (day === undefined)
    throw new InvalidArgumentError('应为 2026-12-01 之类的日期 / must be a day such as 2026-12-01');
  return momentOf(day);
}

/** Whose cases: never from the command line, which others on the machine can see and shells remember. */
async function factsOf({ numberFile, nameFile }: SearchOptions, cli: Cli) {
  if (numberFile === undefined && nameFile === undefined)
    throw new CodedError('VALIDATION_FAILED', '--number-file or --name-file says whose cases');
  if (numberFile === '-' && nameFile === '-')
    throw new CodedError('VALIDATION_FAILED', 'only one of number and name can come from the standard input');
  const fact = async (source: string | undefined) =>
    source === undefined
      ? undefined
      : (source === '-' ? await cli.stdin() : await readText(source, MAX_FACT_BYTES)).trim();
  return { number: await fact(numberFile), name: await fact(nameFile) };
}

function listAnswer(json: Listed): Answer {
  return { json, text: caseTable(json.cases) + nextPage(json.next) };
}
