// npm run test:faults: kills, cuts, fills and confuses two real gateways, and has everything audited afterwards. The only place
// of it that looks at arguments, time and signals.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from '../bench/children.ts';
import { Random } from '../fuzz/random.ts';
import type { Effort, Round } from './round.ts';
import { ROUNDS } from './rounds.ts';
import { runRound } from './run-round.ts';
import type { StoreKind } from './stage/stage.ts';
import { isGood, type RoundResult, tableOf } from './table.ts';

const USAGE = `用法 / usage: npm run test:faults [-- --short] [-- --minutes N] [-- --seed N] [-- --store KIND] [-- --replicas N] [-- --rounds A,B] [-- --json FILE]

  --short     约三分钟的短测 / about three minutes
  --minutes   时间上限,默认 15,短测 10 / minutes at most, 15 unless told, 10 with --short
  --seed      随机种子,默认随时间 / repeats the moments of an earlier run
  --store     sqlite(默认 / default) 或 or postgres
  --replicas  每个地区几个副本,默认 1;须用 postgres / processes of each region, 1 unless told; more need postgres
  --rounds    只做这些,逗号分隔 / only these: ${ROUNDS.map(({ name }) => name).join(',')}
  --envelopes 每轮的报文数,默认 20000,短测 400 / envelopes of a round
  --json      结果另存 / writes the results into a file

退出码 / exit codes: 0 无一丢失、重复 nothing lost, nothing doubled; 1 有问题 something is wrong; 2 用法有误 bad usage
`;

/** Kills, cuts and the like of one round; those of the two kill rounds together are more than fifty. */
const LONG = { envelopes: 20_000, minutes: 15, blows: 26, posted: 2_000 } as const;
const SHORT = { envelopes: 400, minutes: 10, blows: 3, posted: 200 } as const;

interface Options {
  readonly effort: Effort;
  readonly minutes: number;
  readonly seed: number;
  readonly store: StoreKind;
  readonly replicas: number;
  readonly rounds: readonly Round[];
  readonly json: string | undefined;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 2;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
  const timer = setTimeout(() => stop.abort(new Error('the time is over')), options.minutes * 60_000);
  const parent = await mkdtemp(join(tmpdir(), 'tongban-faults-'));
  // A database server runs as a user without rights, and has to reach its folder.
  await chmod(parent, 0o755);
  const children = new Children();
  try {
    const results = await runAll(options, { children, parent, signal: stop.signal });
    process.stdout.write(`${tableOf(results)}种子 / seed ${options.seed}, ${options.store}\n`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify({ ...seen(options), results }, null, 2)}\n`);
    const good = results.every(isGood);
    if (good) await rm(parent, { recursive: true, force: true });
    else process.stdout.write(`两个地区的目录留在 / both regions are kept in ${parent}\n`);
    return good ? 0 : 1;
  } finally {
    clearTimeout(timer);
    await children.end();
  }
}

function seen({ seed, store, replicas, effort }: Options): object {
  return { seed, store, replicas, ...effort };
}

async function runAll(
  { effort, seed, store, replicas, rounds }: Options,
  { children, parent, signal }: { readonly children: Children; readonly parent: string; readonly signal: AbortSignal },
): Promise<RoundResult[]> {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  say(`种子 / seed ${seed}`);
  const results: RoundResult[] = [];
  for (const round of rounds) {
    const absent = await round.absent?.(store);
    if (absent !== undefined) {
      results.push({ round: round.name, absent });
      continue;
    }
    if (signal.aborted) {
      results.push({ round: round.name, failed: `${(signal.reason as Error).message}: not begun` });
      continue;
    }
    say(`${round.name}: ${round.title.zh} / ${round.title.en}`);
    const folder = join(parent, round.name);
    // A round alone has the same moments as among all the others.
    const random = new Random(seed + ROUNDS.indexOf(round));
    const result: RoundResult = await runRound(round, {
      children,
      folder,
      store,
      replicas,
      effort,
      random,
      signal,
      now: Date.now,
    }).catch((error: unknown) => ({ round: round.name, failed: reasonOf(error, signal) }));
    results.push(result);
    if (isGood(result)) await rm(folder, { recursive: true, force: true });
  }
  return results;
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  const { message } = error as Error;
  return signal.aborted ? `${(signal.reason as Error).message}: ${message}` : message;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        short: { type: 'boolean', default: false },
        minutes: { type: 'string' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        store: { type: 'string', default: 'sqlite' },
        replicas: { type: 'string', default: '1' },
        rounds: { type: 'string', default: ROUNDS.map(({ name }) => name).join(',') },
        envelopes: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const size = values.short ? SHORT : LONG;
    const [minutes, seed] = [Number(values.minutes ?? size.minutes), Number(values.seed)];
    const cases = Number(values.envelopes ?? size.envelopes);
    const { store } = values;
    if (values.help) throw new Error('');
    if (!(minutes > 0 && minutes <= 24 * 60)) throw new Error('--minutes 1–1440');
    if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed 0 或正整数 / 0 or a whole number');
    if (!Number.isSafeInteger(cases) || cases < 100) throw new Error('--envelopes 至少 100 / at least 100');
    if (store !== 'sqlite' && store !== 'postgres') throw new Error('--store sqlite, postgres');
    const replicas = Number(values.replicas);
    if (!Number.isSafeInteger(replicas) || replicas < 1 || replicas > 5) throw new Error('--replicas 1–5');
    if (replicas > 1 && store === 'sqlite')
      throw new Error('--replicas 须与 --store postgres 同用 / needs --store postgres');
    const rounds = values.rounds.split(',').map(roundNamed);
    const effort = { cases, blows: size.blows, posted: size.posted };
    return { effort, minutes, seed, store, replicas, rounds, json: values.json };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return undefined;
  }
}

function roundNamed(name: string): Round {
  const round = ROUNDS.find((one) => one.name === name);
  if (!round) throw new Error(`没有这样的轮次 / no such round: ${name}`);
  return round;
}
