// npm run bench: how fast two gateways exchange, beside what the same machine could do at best. The only place of the
// benchmark that looks at arguments, time and signals.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Figures, FULL, measure, QUICK } from './measure.ts';

const USAGE = 'npm run bench [-- --quick] [-- --json FILE]';

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 2;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
  }
  try {
    const figures = await measure({
      effort: options.quick ? QUICK : FULL,
      now: Date.now,
      say: (text) => process.stderr.write(`${text}\n`),
      signal: stop.signal,
    });
    process.stdout.write(table(figures));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`失败 / failed: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

function readOptions(): { quick: boolean; json?: string } | undefined {
  try {
    const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' } } });
    return { quick: values.quick ?? false, ...(values.json === undefined ? {} : { json: values.json }) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n用法 / usage: ${USAGE}\n`);
    return undefined;
  }
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
