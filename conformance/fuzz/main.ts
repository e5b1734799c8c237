// npm run fuzz: what a gateway takes from others, fed with inputs that nobody foresaw. The only place of the fuzzer that looks
// at arguments, time and files.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, readFinding, writeFinding } from './finding.ts';
import { fuzz, type TargetReport } from './fuzz.ts';
import { Judge } from './judge.ts';
import { startLiveTargets } from './live/live.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { offlineTargets } from './targets.ts';

const USAGE = `用法 / usage: npm run fuzz [-- --minutes N] [--seed N] [--target TEXT] [--offline] [--logs FOLDER]
             npm run fuzz -- --replay FILE

  --minutes   运行多少分钟,默认 1 / how long, 1 unless told
  --seed      随机种子,默认随时间 / repeats the inputs of an earlier run
  --target    只测名称含此文字的目标 / only targets whose name contains this
  --offline   不启动网关,只测函数 / functions only, no gateway is started
  --logs      网关的日志留在哪个目录 / leaves the logs of the gateways there
  --replay    重试记下的一个发现 / tries a finding again that was written down

退出码 / exit codes: 0 没有发现 nothing found, 1 有发现 something found, 2 用法有误 bad usage
`;

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly target: string;
  readonly offline: boolean;
  readonly logs: string | undefined;
  readonly replay: string;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 2;
  const live = options.offline ? undefined : await startLiveTargets(Date.now, options.logs);
  try {
    const all = [...(await offlineTargets()), ...(live?.targets ?? [])];
    if (options.replay !== '') return await replay(readFinding(await readFile(options.replay, 'utf8')), all);
    const targets = all.filter(({ name }) => name.includes(options.target));
    if (targets.length === 0) {
      process.stderr.write(`没有这样的目标 / no such target: ${options.target}\n`);
      return 2;
    }
    const findings = await run(options, targets);
    return findings.length > 0 ? 1 : 0;
  } finally {
    await live?.stop();
  }
}

async function replay({ target: name, input }: Finding, targets: readonly Target[]): Promise<number> {
  const target = targets.find((one) => one.name === name);
  if (!target || input === undefined) {
    process.stderr.write(`无法重试 / cannot be tried again: ${name}\n`);
    return 2;
  }
  const { outcome, ms, finding } = await (await Judge.of(target)).judge(input);
  process.stdout.write(`${finding ? `${finding.kind}: ${finding.detail}` : outcome} (${ms.toFixed(0)} ms)\n`);
  return finding ? 1 : 0;
}

async function run({ minutes, seed }: Options, targets: readonly Target[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const [began, whole] = [performance.now(), minutes * 60_000];
  const passed = () => performance.now() - began;
  process.stderr.write(`种子 / seed ${seed}, ${targets.length} 个目标 / targets\n`);
  const reports = await fuzz({
    targets,
    random: new Random(seed),
    goOn: () => passed() < whole,
    progress: () => passed() / whole,
    ...(globalThis.gc && { heap }),
    onFinding: (finding) => void findings.push(finding),
  });
  process.stdout.write(tableOf(reports));
  if (findings.length > 0) process.stdout.write(await keep(findings));
  return findings;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function tableOf(reports: readonly TargetReport[]): string {
  const sum = (of: (report: TargetReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const total = {
    name: '合计 / total',
    inputs: sum(({ inputs }) => inputs),
    accepted: sum(({ accepted }) => accepted),
    slowestMs: Math.max(...reports.map(({ slowestMs }) => slowestMs)),
    findings: sum(({ findings }) => findings),
  };
  const line = ({ name, inputs, accepted, slowestMs, findings }: TargetReport) =>
    `${String(inputs).padStart(9)}${String(accepted).padStart(9)}${slowestMs.toFixed(0).padStart(9)}${String(findings).padStart(9)}  ${name}`;
  return `${['   inputs accepted  slow ms    found  target', ...[...reports, total].map(line)].join('\n')}\n`;
}

/** Writes each finding into a file of its own, to be tried again. */
async function keep(findings: readonly Finding[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-findings-'));
  for (const [index, finding] of findings.entries())
    await writeFile(join(folder, `${index}.json`), writeFinding(finding));
  const lines = findings.slice(0, 20).map(({ target, kind, detail }) => `${kind}: ${target}: ${detail.slice(0, 400)}`);
  return `${lines.join('\n')}\n${findings.length} 个发现 / findings: ${folder}\n`;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
        target: { type: 'string', default: '' },
        offline: { type: 'boolean', default: false },
        logs: { type: 'string' },
        replay: { type: 'string', default: '' },
        help: { type: 'boolean', default: false },
      },
    });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (values.help || !(minutes > 0 && minutes <= 24 * 60) || !Number.isSafeInteger(seed) || seed < 0)
      throw new Error(values.help ? '' : '--minutes 1–1440, --seed 0 或正整数 / 0 or a whole number');
    const { target, offline, logs, replay } = values;
    return { minutes, seed, target, offline, logs, replay };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return undefined;
  }
}
