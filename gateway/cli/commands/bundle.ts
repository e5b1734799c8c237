import type { Command } from 'commander';
import { CodedError, type Problem } from '#proto';
import { readBundleFile } from '../../catalogue/bundles/read-bundle-file.ts';
import type { PlacedProblem } from '../../catalogue/files/sheet.ts';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readText } from '../files.ts';
import { chinaTime, pairs, plain, table } from '../format.ts';
import { changeTable, faultTable, type ImportedItem, placeText } from '../item/import-text.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface AskedBy {
  readonly part: string;
  readonly name: string;
}

interface Bundle {
  readonly code: string;
  readonly version: number;
  /** Milliseconds. */
  readonly validSince: number;
  readonly name: string;
  readonly lead: { readonly department: string };
  readonly parts: readonly {
    readonly key: string;
    readonly region: string;
    readonly item: string;
    readonly after: readonly string[];
  }[];
  readonly workingDays: number;
  readonly ifPartFails: string;
}

interface WholeBundle extends Bundle {
  readonly form: {
    readonly fields: readonly {
      readonly name: string;
      readonly isRequired: boolean;
      readonly askedBy: readonly AskedBy[];
    }[];
  };
  readonly materialList: readonly {
    readonly name: string;
    readonly originalToBeChecked: boolean;
    readonly mayFollowLater: boolean;
    readonly originals: number;
    readonly copies: number;
    readonly askedBy: readonly AskedBy[];
  }[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

interface Imported {
  readonly imported: number;
  readonly bundles: readonly Omit<ImportedItem, 'fields'>[];
  readonly warnings: readonly Problem[];
}

/** Characters of a file of bundles. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** `tongban bundle`: what one application opens at several departments. */
export function define(command: Command, cli: Cli): void {
  defineImport(command, cli);

  const list = command.command('list').description('列出一件事 / list our bundles');
  handle<GatewayOptions>(gatewayOption(list), cli, async ({ gateway }) => {
    const json = await (await connect(gateway, cli)).get<{ bundles: Bundle[] }>('/v1/bundles');
    return { json, text: bundleTable(json.bundles) };
  });

  const show = command
    .command('show')
    .description('一件事的申请表和材料清单 / what a bundle asks for, without repeats');
  show.argument('<code>', '一件事代码 / code of the bundle');
  handle<GatewayOptions>(gatewayOption(show), cli, async ({ gateway }, code) => {
    const json = await (await connect(gateway, cli)).get<WholeBundle>(path`/v1/bundles/${code!}`);
    const notes = [...json.problems, ...json.warnings].map(({ pointer, message }) => `${pointer} ${plain(message)}`);
    return { json, text: `${summary(json)}\n${partsTable(json)}\n${formTable(json)}\n${materialTable(json)}`, notes };
  });
}

function defineImport(command: Command, cli: Cli): void {
  const load = command.command('import').description('导入本地区的一件事 / take bundles of our own');
  load.argument('<file>', "JSON、YAML,'-' 为标准输入 / '-' for the standard input");
  load.option('--dry-run', '只列出变化和问题,不写入 / only say what would change and what is wrong');
  handle<GatewayOptions & { dryRun?: boolean }>(gatewayOption(load), cli, async ({ gateway, dryRun }, source) => {
    const text = source === '-' ? await cli.stdin() : await readText(source!, MAX_FILE_BYTES);
    const { document, problems, placed } = readBundleFile(text);
    if (problems.length > 0) return faulty(problems, dryRun);
    const client = await connect(gateway, cli);
    try {
      const json = await client.put<Imported>(`/v1/bundles${dryRun ? '?dryRun=true' : ''}`, document);
      const done = dryRun ? '' : `已导入 / imported: ${json.imported}\n`;
      const notes = placed(json.warnings).map(({ place, pointer, message }) => {
        return `${place ? placeText(place) : pointer} ${plain(message)}`;
      });
      return { json, text: done + changeTable(json.bundles.map((one) => ({ ...one, fields: [] }))), notes };
    } catch (error) {
      if (!(error instanceof CodedError) || error.problems.length === 0) throw error;
      return faulty(placed(error.problems), dryRun);
    }
  });
}

/** Every fault of the file by its place. @throws CodedError VALIDATION_FAILED unless it was only to be tried */
function faulty(problems: readonly PlacedProblem[], dryRun: boolean | undefined): Answer {
  if (dryRun) return { json: { problems }, text: faultTable(problems), exit: 2 };
  const named = problems.map(({ place, pointer, code, message }) => {
    return { pointer: place ? placeText(place) : pointer, code, message };
  });
  throw new CodedError('VALIDATION_FAILED', `${problems.length} things are wrong in the file`, named);
}

function bundleTable(bundles: readonly Bundle[]): string {
  return table(
    ['代码 Code', '一件事 Name', '牵头部门 Lead', '分项 Parts', '工作日 Days', '版本 Version'],
    bundles.map(({ code, name, lead, parts, workingDays, version }) => [
      ...[code, name, lead.department, parts.length, workingDays, version],
    ]),
    '没有一件事 / there are no bundles',
  );
}

function summary({ code, name, lead, workingDays, ifPartFails, version, validSince }: WholeBundle): string {
  return pairs([
    ['代码 Code', code],
    ['一件事 Name', name],
    ['牵头部门 Lead', lead.department],
    ['工作日 Days', workingDays],
    ['一项未办成 If a part fails', ifPartFails],
    ['版本 Version', `${version} · ${chinaTime(validSince)}`],
  ]);
}

function partsTable({ parts }: WholeBundle): string {
  return table(
    ['分项 Part', '地区 Region', '事项 Item', '前置 After'],
    parts.map(({ key, region, item, after }) => [key, region, item, after.join(', ')]),
    '没有分项 / there is no part',
  );
}

function formTable({ form }: WholeBundle): string {
  return table(
    ['字段 Field', '必填 Required', '用于 For'],
    form.fields.map(({ name, isRequired, askedBy }) => [name, isRequired ? '是 yes' : '', asked(name, askedBy)]),
    '没有表单 / there is no form',
  );
}

function materialTable({ materialList }: WholeBundle): string {
  return table(
    ['材料 Material', '原件 Originals', '复印件 Copies', '核验原件 Checked', '可容缺 May follow', '用于 For'],
    materialList.map(({ name, originals, copies, originalToBeChecked, mayFollowLater, askedBy }) => [
      ...[name, originals, copies],
      originalToBeChecked ? '是 yes' : '',
      mayFollowLater ? '是 yes' : '',
      asked(name, askedBy),
    ]),
    '不需要材料 / no material is asked for',
  );
}

/** The parts, with the name that the item gives it where that is another. */
function asked(whole: string, askedBy: readonly AskedBy[]): string {
  return askedBy.map(({ part, name }) => (name === whole ? part : `${part} (${name})`)).join(', ');
}
