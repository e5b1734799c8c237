import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { Answer, Cli, CliContext, CommandGroup, CommonOptions, ExitCode } from './command.ts';
import { printAnswer, printError, raw } from './output.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandGroup>;
}

/** Every command of the first level. Only the one that is called is loaded. */
const ENTRIES: readonly Entry[] = [
  entry('init', '建立地区网关 / make the gateway of a region', () => import('./commands/init.ts')),
  entry('start', '启动网关 / run the gateway', () => import('./commands/start.ts')),
  entry('statement', '查看或续签本地区声明 / our region statement', () => import('./commands/statement.ts')),
  entry('key', '本地区密钥的轮换、吊销、移出 / the life of our own keys', () => import('./commands/key.ts')),
  entry('peer', '对接地区 / the regions we exchange with', () => import('./commands/peer.ts')),
  entry('authorization', '互信授权 / mutual authorizations', () => import('./commands/authorization.ts')),
  entry('joint', '联办协议 / joint-handling agreements', () => import('./commands/joint.ts')),
  entry('entrustment', '授权委托书 / letters of entrustment', () => import('./commands/entrustment.ts')),
  entry('item', '事项目录 / the catalogue of items', () => import('./commands/item.ts')),
  entry('bundle', '一件事 / one-thing bundles of items', () => import('./commands/bundle.ts')),
  entry(
    'dead-letter',
    '死信:送不达的报文和事件 / what could not be delivered',
    () => import('./commands/dead-letter.ts'),
  ),
  entry('adapter', '试用平台映射 / try the mapping of a platform', () => import('./commands/adapter.ts')),
  entry('webhook', '平台的事件订阅 / webhooks that platforms asked for', () => import('./commands/webhook.ts')),
  entry('administrator', '三员 / administrators and their second factors', () => import('./commands/administrator.ts')),
  entry('session', '管理员登录 / sessions of administrators', () => import('./commands/session.ts')),
  entry('audit', '操作审计 / what was done through the API', () => import('./commands/audit.ts')),
  entry('token', '签发接口令牌 / make a token for the API', () => import('./commands/token.ts')),
  entry('case', '办件 / cases', () => import('./commands/case.ts')),
  entry('inquiry', '协查与咨询 / inquiries between regions', () => import('./commands/inquiry.ts')),
  entry('report', '统计与台账 / statistics and ledgers', () => import('./commands/report.ts')),
  entry('material', '办件材料 / materials of a case', () => import('./commands/material.ts')),
  entry('certificate', '电子证照 / electronic certificates', () => import('./commands/certificate.ts')),
  entry('document', '部门自有的 OFD、PDF 文件 / files that departments sealed', () => import('./commands/document.ts')),
  entry('evidence', '存证包 / evidence bundles', () => import('./commands/evidence.ts')),
  entry('log', '存证日志 / the evidence log', () => import('./commands/log.ts')),
  entry('archive', '归档:存证卷 / volumes of archived evidence', () => import('./commands/archive.ts')),
  entry('store', '数据库 / the database', () => import('./commands/store.ts')),
  entry('anchor', '信任锚点(联邦) / run an anchor of a federation', () => import('./commands/anchor.ts')),
  entry('conformance', '一致性测试 / conformance tests', () => import('./commands/conformance.ts')),
  entry('doctor', '检查网关状况 / examine the gateway', () => import('./commands/doctor.ts')),
];

const EPILOGUE = `
退出码 / exit codes:
  0 正常 / fine    1 核验或检查未通过 / a verification or check failed
  2 用法或输入有误 / bad usage or input    3 无法连接 / cannot reach

--json: 标准输出只有一个 JSON 值;出错时为 {"error":{"code","message","problems"}},说明文字在标准错误输出。
--json: the standard output holds one JSON value, {"error":{"code","message","problems"}} after an error; words for
people stay on the standard error output.
`;

/**
 * Runs one command.
 *
 * @param argv arguments after the name of the program
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const answer = (given: Answer, options: CommonOptions) => {
    printAnswer(given, options.json === true);
    exit = given.exit ?? 0;
  };
  try {
    const program = await buildProgram(argv, { ...context, clock: await timeOf(context), answer });
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return await afterCommander(error, argv.includes('--json'));
    return await printError(error, argv.includes('--json'));
  }
}

async function buildProgram(argv: readonly string[], cli: Cli): Promise<Command> {
  const program = new Command('tongban')
    .description('通办:地区间政务服务网关 / Tongban, gateway between the government services of regions')
    .version(version(), '-V, --version', '版本 / version')
    .helpOption('-h, --help', '帮助 / help')
    .helpCommand('help [command]', '帮助 / help')
    .enablePositionalOptions()
    .addHelpText('after', EPILOGUE)
    .configureOutput({ writeOut: raw.out, writeErr: raw.err, outputError: () => {} })
    .exitOverride();
  for (const { name, summary, load } of ENTRIES) {
    const command = program.command(name).description(summary);
    if (argv.includes(name)) (await load()).define(command, cli);
  }
  return program;
}

/** Loaded only when somebody asks for another time than the true one. */
async function timeOf(context: CliContext): Promise<CliContext['clock']> {
  if (context.environment?.['TONGBAN_TEST_CLOCK'] === undefined) return context.clock;
  return (await import('./test-clock.ts')).clockOf(context);
}

/** Help that was asked for is fine; everything else that commander says is a mistake in the command line. */
async function afterCommander(error: CommanderError, asJson: boolean): Promise<ExitCode> {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 0;
  const { CodedError } = await import('#proto');
  const missing = error.code === 'commander.help';
  const message = missing ? 'a command is missing' : error.message.replace(/^error: /, '');
  return await printError(new CodedError('VALIDATION_FAILED', `${message} (see --help)`), asJson);
}

function entry(name: string, summary: string, load: () => Promise<CommandGroup>): Entry {
  return { name, summary, load };
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
