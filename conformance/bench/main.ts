// npm run bench: how fast two gateways exchange, beside what the same machine could do at best; npm run bench -- cases: how
// fast cases are found and submitted where a million lie; npm run bench -- adapters: what adapters carry. The only place of the benchmark that looks at arguments, time and
// signals.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AdapterFigures, measureAdapters } from './adapters/measure-adapters.ts';
import { type CaseFigures, measureCases } from './cases/measure-cases.ts';
import { inFolder } from './in-folder.ts';
import { type Figures, FULL, measure, QUICK } from './measure.ts';

const USAGE =
  'npm run bench [-- --quick] [-- --json FILE], npm run bench -- cases [--cases N] [--store FILE] [--json FILE], npm run bench -- adapters [--cases N] [--json FILE]';
const MILLION = 1_000_000;
/** Cases that pass through an adapter, when nobody says how many. */
const ADAPTER_CASES = 20_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 2;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
  }
  try {
    const { text, figures } = await run(options, stop.signal);
    process.stdout.write(text);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`失败 / failed: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

async function run(options: Options, signal: AbortSignal): Promise<{ text: string; figures: object }> {
  const common = { now: Date.now, say: (text: string) => void process.stderr.write(`${text}\n`) };
  if (options.adapters !== undefined) {
    const effort = { cases: options.adapters, say: common.say };
    const figures = await inFolder(signal, (children, folder) => measureAdapters(children, folder, effort));
    return { text: adapterTable(figures), figures };
  }
  if (options.cases === undefined) {
    const figures = await measure({ ...common, effort: options.quick ? QUICK : FULL, signal });
    return { text: table(figures), figures };
  }
  const share = Math.min(1, options.cases / MILLION);
  const effort = { cases: options.cases, asks: Math.ceil(200 * share), submits: Math.ceil(100 * share) };
  const store = options.store === undefined ? '' : await readFile(options.store, 'utf8');
  const figures = await inFolder(signal, (children, folder) =>
    measureCases(children, folder, { ...common, effort, store }),
  );
  return { text: caseTable(figures), figures };
}

interface Options {
  readonly quick: boolean;
  readonly json?: string;
  /** How many cases lie in the store, for the benchmark of finding them. */
  readonly cases?: number;
  /** How many cases pass through each adapter, for the benchmark of adapters. */
  readonly adapters?: number;
  /** File with the section `store` of the gateway's config. */
  readonly store?: string;
}

function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        json: { type: 'string' },
        cases: { type: 'string' },
        store: { type: 'string' },
      },
    });
    const isAdapters = positionals.join() === 'adapters';
    const { quick = false, cases = String(isAdapters ? ADAPTER_CASES : MILLION), ...files } = values;
    if (positionals.length === 0) {
      if (values.cases !== undefined || values.store !== undefined)
        throw new Error('--cases and --store go with: cases');
      return { quick, ...files };
    }
    if ((!isAdapters && positionals.join() !== 'cases') || values.quick) throw new Error('unknown benchmark');
    if (!/^[1-9][0-9]{0,7}$/.test(cases)) throw new Error('--cases must be a number of cases');
    if (isAdapters && values.store !== undefined) throw new Error('--store goes with: cases');
    if (isAdapters) return { quick, ...files, adapters: Number(cases) };
    return { quick, ...files, cases: Number(cases) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n用法 / usage: ${USAGE}\n`);
    return undefined;
  }
}

function caseTable({ cases, store, fill_s, figures }: CaseFigures): string {
  const rows = figures.map(({ name, p50_ms, p95_ms, target_ms, is_met }) => {
    const columns = [`p50 ${p50_ms} ms`, `p95 ${p95_ms} ms`, `< ${target_ms} ms`].map((text) => text.padStart(16));
    return `${is_met ? '达到 ok  ' : '未达 miss'}${columns.join('')}  ${name}`;
  });
  return `${cases} 件办件 / cases, ${store}, ${fill_s} s\n${rows.join('\n')}\n`;
}

function adapterTable(figures: AdapterFigures): string {
  const rows = Object.entries(figures).map(([kind, { per_s, growth_mib }]) => {
    const met = per_s >= 1_000 ? '达到 ok  ' : '未达 miss';
    return `${met}${`${per_s}/s`.padStart(12)}${`${growth_mib} MiB`.padStart(12)}  ${kind}`;
  });
  return `经映射的记录与内存增长 / records through a mapping, and memory growth\n${rows.join('\n')}\n`;
}

function table(figures: Figures): string {
  const rows = [
    [
      'exchange',
      `${figures.exchange_per_s}/s`,
      '两个网关，受理到回执验证 / two gateways, accepted to receipt verified',
    ],
    ['floor', `${figures.floor_per_s}/s`, '同样报文的裸管道 / the bare pipeline for the same envelopes'],
    ['one-by-one', `${figures.one_by_one_per_s}/s`, '逐件签名、逐件调用 / a signature and a call for each'],
    ['exchange : floor', `${figures.ratio_to_floor}`, ''],
    ['exchange : one-by-one', `${figures.ratio_to_one_by_one}`, ''],
    [
      'idle p50',
      `${figures.idle_p50_ms} ms`,
      '空闲时单件，提交到回执验证 / one case at a time, submit to receipt verified',
    ],
    ['idle p99', `${figures.idle_p99_ms} ms`, ''],
    ...Object.entries(figures.certificates).flatMap(([suite, of]) => [
      [`verify ${suite}`, `${of.verify_per_s}/s`, `电子证照离线验证 / certificates; bare ${of.bare_verify_per_s}/s`],
      ['verify : bare', `${of.verify_ratio}`, ''],
      [`issue ${suite}`, `${of.issue_per_s}/s`, `电子证照签发 / certificates; bare ${of.bare_sign_per_s}/s`],
      ['issue : bare', `${of.issue_ratio}`, ''],
    ]),
    ['memory growth', `${figures.certificate_growth_mib} MiB`, '连续验证期间 / while certificates are verified'],
  ];
  return `${rows.map(([name = '', value = '', note = '']) => `${name.padEnd(22)}${value.padStart(12)}  ${note}`.trimEnd()).join('\n')}\n`;
}
