import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CodedError } from '#proto';
import {
  type ChainConstraints,
  fingerprintOf,
  isAnchorName,
  isMarkType,
  isRegionPrefix,
  readLocation,
  SUITE_NAMES,
  type SuiteName,
  verifyStatement,
} from '#trust';
import { AnchorFolder } from '../anchor/anchor-folder.ts';
import { enroll } from '../anchor/enroll.ts';
import { issueMark, issueStatements } from '../anchor/issue.ts';
import { publish } from '../anchor/publish.ts';
import { revokeMark, revokeMember } from '../anchor/revoke.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { readText } from '../files.ts';
import { chinaTime, pairs, plain, table } from '../format.ts';
import { readStatementText } from '../gateway-folder.ts';
import { type PassphraseOptions, passphraseOption, wholeNumber } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';

interface FolderOptions extends CommonOptions {
  readonly anchor: string;
}

interface ConstraintOptions {
  readonly prefix?: readonly string[];
  readonly exclude?: readonly string[];
  readonly maxPathLength?: number;
}

interface InitOptions extends CommonOptions, ConstraintOptions, PassphraseOptions {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly suite: SuiteName;
}

interface EnrollOptions extends FolderOptions, ConstraintOptions {
  readonly fingerprint?: string;
}

interface IssueOptions extends FolderOptions, PassphraseOptions {
  readonly days: number;
  readonly result?: string;
  readonly tester?: string;
}

interface RevokeOptions extends FolderOptions {
  readonly reason: string;
  readonly mark?: string;
}

interface PublishOptions extends FolderOptions, PassphraseOptions {
  readonly out: string;
  readonly days: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const RESULT_BYTES = 64 * 1024;

/** `tongban anchor`: an offline tool on the folder of an anchor, whose output any web server can serve. */
export function define(command: Command, cli: Cli): void {
  defineInit(command, cli);
  defineEnroll(command, cli);
  defineIssue(command, cli);
  defineRevoke(command, cli);
  definePublish(command, cli);
  const list = command.command('list').description('列出成员与信任标志 / list members and trust marks');
  handle<FolderOptions>(folderOption(list), cli, async ({ anchor }) => shown(await AnchorFolder.open(anchor)));
}

function defineInit(command: Command, cli: Cli): void {
  const init = command.command('init').description('建立锚点(离线) / make an anchor, offline');
  init
    .argument('<dir>', '新目录 / folder to make')
    .requiredOption('--name <name>', '代号:小写字母、数字、连字符 / name: lower-case letters, digits, hyphens')
    .requiredOption('--title <title>', '名称 / name for people')
    .requiredOption('--url <url>', '发布文件的网址,以斜杠结尾 / URL of the published folder, with a slash at the end')
    .addOption(new Option('--suite <suite>', '签名算法 / signature suite').choices(SUITE_NAMES).default('ES256'));
  handle<InitOptions>(passphraseOption(constraintOptions(init)), cli, async (options, dir) => {
    const { name, title, url, suite } = options;
    if (!isAnchorName(name)) throw invalid('--name must be lower-case letters, digits and hyphens, at most 50');
    const { passphrase, warnings } = await passphraseOf(undefined, options, cli);
    const facts = { name, title, location: locationOf(url), suite, constraints: constraintsOf(options) };
    const made = await AnchorFolder.make(dir!, facts, passphrase);
    return { ...shown(made), notes: warnings };
  });
}

function defineEnroll(command: Command, cli: Cli): void {
  const add = command.command('enroll').description('登记地区或下级锚点 / enroll a region or a subordinate anchor');
  add
    .argument('<file>', '地区声明或下级锚点的实体配置 / region statement, or entity configuration of an anchor')
    .option('--fingerprint <hex>', '核对过的指纹;已登记身份的新声明可不给 / fingerprint as compared by voice');
  handle<EnrollOptions>(constraintOptions(folderOption(add)), cli, async (options, file) => {
    const folder = await AnchorFolder.open(options.anchor);
    const jwt = await readStatementText(file!);
    const { fingerprint } = options;
    const member = await enroll(folder, {
      jwt,
      fingerprint,
      constraints: constraintsOf(options),
      now: cli.clock.now(),
    });
    const { kind, name, kid } = member;
    const text = `已登记 / enrolled: ${plain(name)}\n下一步 / next: tongban anchor issue ${plain(name)}\n`;
    return { json: { kind, name, fingerprint: fingerprintOf(kid) }, text };
  });
}

function defineIssue(command: Command, cli: Cli): void {
  const issue = command.command('issue').description('签发担保或信任标志 / sign statements, or a trust mark');
  issue
    .argument('[names...]', '成员,默认全部 / members; all unless told')
    .option('--days <n>', '有效天数 / days that they are good for', wholeNumber(1, 1100), 365)
    .option('--result <file>', '一致性测试结果(result.jwt),签发为信任标志 / conformance result to make a mark of')
    .option('--tester <file>', '测试地区的声明,未在此登记时需要 / statement of the testing region, unless enrolled');
  handleNames<IssueOptions>(passphraseOption(folderOption(issue)), cli, async (options, names) => {
    const folder = await AnchorFolder.open(options.anchor);
    const { passphrase, warnings } = await passphraseOf(undefined, options, cli);
    const signing = { key: await folder.key(passphrase), now: cli.clock.now(), lifetimeMs: options.days * DAY_MS };
    if (options.result === undefined) {
      const members = await issueStatements(folder, names, signing);
      const json = members.map(({ name, issued }) => ({ name, ...issued.at(-1) }));
      return { json: { issued: json }, text: issuedTable(json), notes: warnings };
    }
    if (names.length > 0) throw invalid('a result says itself whom it is about: give no names with --result');
    const tester =
      options.tester === undefined ? undefined : await verifyStatement(await readStatementText(options.tester));
    const result = (await readText(options.result, RESULT_BYTES)).trim();
    const mark = await issueMark(folder, result, tester, signing);
    return { json: { mark }, text: issuedTable([{ name: `${mark.region} ${mark.type}`, ...mark }]), notes: warnings };
  });
}

function defineRevoke(command: Command, cli: Cli): void {
  const revoke = command.command('revoke').description('撤销成员或信任标志 / withdraw a member, or a trust mark');
  revoke
    .argument('<name>', '成员 / member')
    .requiredOption('--reason <text>', '原因,会公布,勿写个人信息 / reason, which is published: name no person')
    .option('--mark <type>', '只撤销此信任标志 / only this trust mark');
  handle<RevokeOptions>(folderOption(revoke), cli, async ({ anchor, reason, mark }, name) => {
    const folder = await AnchorFolder.open(anchor);
    if (reason.trim() === '' || reason.length > 200) throw invalid('--reason must have 1 to 200 characters');
    if (mark !== undefined && !isMarkType(mark)) throw invalid('--mark names no type of marks');
    const terms = { reason, now: cli.clock.now() };
    const withdrawn =
      mark === undefined ? await revokeMember(folder, name!, terms) : await revokeMark(folder, name!, mark, terms);
    const text = `已撤销 / withdrawn: ${withdrawn.length}\n发布后生效 / it takes effect with: tongban anchor publish\n`;
    return { json: { withdrawn }, text };
  });
}

function definePublish(command: Command, cli: Cli): void {
  const out = command.command('publish').description('写出可由任何网页服务器发布的文件 / write the files to serve');
  out
    .requiredOption('--out <dir>', '发布目录 / folder that a web server serves')
    .option(
      '--days <n>',
      '有效天数;须在到期前再次发布 / days until the next publication must be there',
      wholeNumber(1, 400),
      90,
    );
  handle<PublishOptions>(passphraseOption(folderOption(out)), cli, async (options) => {
    const folder = await AnchorFolder.open(options.anchor);
    const { passphrase, warnings } = await passphraseOf(undefined, options, cli);
    const key = await folder.key(passphrase);
    const signing = { key, now: cli.clock.now(), lifetimeMs: options.days * DAY_MS };
    const { notes, ...published } = await publish(folder, options.out, signing);
    const { serial, files, expiresAt } = published;
    const text = pairs([
      ['序号 Serial', serial],
      ['文件数 Files', files],
      ['有效期至 Until', chinaTime(expiresAt)],
      ['目录 Folder', resolve(options.out)],
    ]);
    return { json: { ...published, notes }, text, notes: [...warnings, ...notes] };
  });
}

function folderOption(command: Command): Command {
  return command.option('--anchor <dir>', '锚点目录 / folder of the anchor', '.');
}

function constraintOptions(command: Command): Command {
  return command
    .option('--prefix <codes...>', '只可担保这些代码前缀的地区 / only regions with these beginnings of codes')
    .option('--exclude <codes...>', '不可担保这些代码前缀的地区 / no regions with these')
    .option('--max-path-length <n>', '其下最多几级锚点 / levels of anchors below it', wholeNumber(0, 3));
}

function constraintsOf({ prefix, exclude, maxPathLength }: ConstraintOptions): ChainConstraints {
  for (const code of [...(prefix ?? []), ...(exclude ?? [])])
    if (!isRegionPrefix(code))
      throw invalid('--prefix and --exclude take the beginnings of region codes: 1 to 6 digits');
  return {
    ...(maxPathLength !== undefined && { maxPathLength }),
    ...(prefix && { permitted: prefix }),
    ...(exclude && { excluded: exclude }),
  };
}

function locationOf(url: string): string {
  try {
    return readLocation(url);
  } catch {
    throw invalid('--url must be an http, https or file URL that ends with a slash');
  }
}

/** Like `handle`, for a command whose only argument is a list. */
function handleNames<O extends CommonOptions>(
  command: Command,
  cli: Cli,
  work: (options: O, names: readonly string[]) => Promise<Answer>,
): void {
  handle<O>(command, cli, (options) => work(options, (command.processedArgs as string[][])[0] ?? []));
}

function shown({ dir, state }: AnchorFolder): Answer {
  const { name, title, location, kid, members, marks, published } = state;
  const fingerprint = fingerprintOf(kid);
  const facts = pairs([
    ['锚点 Anchor', `${name} ${title}`],
    ['指纹 Fingerprint', fingerprint],
    ['网址 URL', location],
    ['目录 Folder', dir],
    ['已发布 Published', published],
  ]);
  const rows = members.map((member) => [
    member.name,
    member.kind === 'region' ? '地区 region' : '锚点 anchor',
    chinaTime(member.issued.at(-1)?.expiresAt),
    marks
      .filter(({ region }) => region === member.name)
      .map(({ type }) => type)
      .join(', '),
    fingerprintOf(member.kid),
  ]);
  const headers = ['成员 Member', '种类 Kind', '担保至 Until', '信任标志 Marks', '指纹 Fingerprint'];
  const json = { name, title, url: location, fingerprint, dir, published, members, marks };
  return { json, text: `${facts}\n${table(headers, rows, '尚无成员 / no members yet')}` };
}

function issuedTable(issued: readonly { name: string; serial?: number; expiresAt?: number }[]): string {
  return table(
    ['签发 Issued', '序号 Serial', '有效期至 Until'],
    issued.map(({ name, serial, expiresAt }) => [name, serial, chinaTime(expiresAt)]),
    '没有成员 / there are no members',
  );
}

function invalid(message: string): CodedError {
  return new CodedError('VALIDATION_FAILED', message);
}
