import { parseArgs } from 'node:util';
import { CodedError, ERROR_CODES } from '#proto';
import { type RegionStatement, readPassphrase } from '#trust';
import { say } from './finding.ts';
import { PLANS } from './plans/plans.ts';
import { openRegionFolder, readStatement } from './region-folder.ts';
import { lineOf, type Report, reportOf, summaryOf, writeReport } from './report.ts';
import { writeResult } from './result.ts';
import { runPlan } from './run-plan.ts';
import { Workbench } from './workbench.ts';

/** What the command knows of its process. */
export interface CommandContext {
  /** Milliseconds. */
  readonly now: () => number;
  /** Value of TONGBAN_PASSPHRASE. */
  readonly passphrase: string | undefined;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** 0 all passed, 1 a check failed, 2 bad usage or input, 3 the target cannot be reached. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Milliseconds in which a connection must come up. */
const CONNECT_MS = 5_000;

const USAGE = `用法 / usage:
  node conformance/main.ts run --as DIR --target STATEMENT_FILE --plan core --report DIR
                               [--json] [--passphrase-file FILE]

  --as               以该网关目录的地区名义测试;目标地区须已登记该地区 / folder of the gateway in whose name
                     the target is driven; the target must have pinned that region
  --target           目标地区的声明文件 / statement of the target
  --plan             ${Object.keys(PLANS).join(', ')}
  --report           报告目录 / folder for report.json, report.md and result.jwt
  --passphrase-file  密钥口令文件,或环境变量 TONGBAN_PASSPHRASE / or TONGBAN_PASSPHRASE

退出码 / exit codes: 0 通过 passed, 1 未通过 failed, 2 用法或输入有误 bad usage or input, 3 无法连接 cannot reach
`;

interface Options {
  readonly as: string;
  readonly target: string;
  readonly plan: string;
  readonly report: string;
  readonly json: boolean;
  readonly passphraseFile: string | undefined;
}

/** Runs one command line. */
export async function runCommand(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    const options = readOptions(argv);
    if (!options) {
      context.out(USAGE);
      return 0;
    }
    return await run(options, context);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    context.err(`${error.code} ${ERROR_CODES[error.code].zh} / ${error.message}\n`);
    return error.code === 'PEER_UNREACHABLE' ? 3 : 2;
  }
}

async function run(options: Options, context: CommandContext): Promise<ExitCode> {
  const { now, out, err } = context;
  const target = await readStatement(options.target);
  const { passphrase, warnings } = await readPassphrase({ file: options.passphraseFile, env: context.passphrase });
  for (const warning of warnings) err(`${warning}\n`);
  const bench = await Workbench.open(await openRegionFolder(options.as, passphrase, target), target, now);
  try {
    await demandReachable(bench, target);
    const started = now();
    const plan = PLANS[options.plan]!;
    const results = await runPlan(plan.checks, bench, (result) => {
      if (!options.json) out(`${lineOf(result)}\n`);
    });
    const regions = { target: target.region, as: bench.own.region };
    const facts = { ...regions, plan: options.plan, version: plan.version, started, finished: now() };
    const report = reportOf(facts, results);
    await writeReport(options.report, report, results);
    await writeResult(options.report, report, target, bench.acting.signing);
    out(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : closing(report, options.report));
    return report.failed === 0 ? 0 : 1;
  } finally {
    bench.close();
  }
}

function readOptions(argv: readonly string[]): Options | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const { as, target, plan = 'core', report } = values;
  if (positionals.join(' ') !== 'run') throw usage("the command is 'run'");
  if (!as || !target || !report) throw usage('--as, --target and --report are needed');
  if (!Object.hasOwn(PLANS, plan)) throw usage(`there is no plan ${plan}; there is ${Object.keys(PLANS).join(', ')}`);
  return { as, target, plan, report, json: values.json ?? false, passphraseFile: values['passphrase-file'] };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { as: text, target: text, plan: text, report: text, 'passphrase-file': text, json: flag, help: flag };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

async function demandReachable(bench: Workbench, { region, endpoint }: RegionStatement): Promise<void> {
  if (await bench.client().reachable(CONNECT_MS)) return;
  throw new CodedError(
    'PEER_UNREACHABLE',
    `no connection to a key of region ${region} at ${endpoint}; is its gateway running, and is this its newest statement?`,
  );
}

function closing(report: Report, folder: string): string {
  return `\n${summaryOf(report)}\n${say('报告', 'report')}: ${folder}/report.md\n`;
}

function usage(message: string): CodedError {
  return new CodedError('VALIDATION_FAILED', `${message} (see --help)`);
}
