// node conformance/bench/backlog/main.ts: how a backlog drains when a peer comes back. The only place of this benchmark that
// looks at arguments, time and signals.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { inFolder } from '../in-folder.ts';
import { type BacklogFigures, measureBacklog } from './measure-backlog.ts';

const USAGE = 'node conformance/bench/backlog/main.ts [--envelopes N] [--minutes N] [--json FILE]';
/** Rows of the table at most. */
const ROWS = 24;

interface Options {
  readonly envelopes: number;
  /** For building the backlog. */
  readonly minutes: number;
  readonly json?: string;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 2;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stop.abort(new Error(`ended by ${signal}`)));
  const { envelopes, minutes, json } = options;
  const sampleMs = envelopes < 20_000 ? 100 : 2_000;
  const effort = { envelopes, buildSeconds: minutes * 60, sampleMs };
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  try {
    const figures = await inFolder(stop.signal, (children, folder) =>
      measureBacklog(children, folder, { effort, now: Date.now, say }),
    );
    process.stdout.write(table(figures));
    if (json !== undefined) await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`失败 / failed: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        envelopes: { type: 'string', default: '1000000' },
        minutes: { type: 'string', default: '10' },
        json: { type: 'string' },
      },
    });
    const { envelopes, minutes, json } = values;
    for (const number of [envelopes, minutes])
      if (!/^[1-9][0-9]{0,7}$/.test(number)) throw new Error('--envelopes and --minutes are whole numbers');
    return { envelopes: Number(envelopes), minutes: Number(minutes), ...(json !== undefined && { json }) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n用法 / usage: ${USAGE}\n`);
    return undefined;
  }
}

function table(figures: BacklogFigures): string {
  const { wished, envelopes, samples } = figures;
  const step = Math.ceil(samples.length / ROWS);
  const shown = samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
  const short = envelopes < wished ? `(应为 ${wished},时间用尽 / wished ${wished}, time ran out)` : '';
  const row = (...cells: (string | number)[]) => cells.map((cell) => String(cell).padStart(12)).join('');
  return [
    `积压 / backlog: ${envelopes} ${short}`.trimEnd(),
    `积压速度 / built: ${figures.build_per_s}/s   消化 / drained: ${figures.drain_per_s}/s`,
    `后三分之一与前三分之一之比 / last third over first: 速度 / rate ${figures.last_to_first_third}, 发送方常驻内存 / RSS of the sender ${figures.rss_last_to_first_third}`,
    row('s', 'pending', '/s', 'sender RSS', 'heap', 'receiver RSS', 'heap'),
    ...shown.map((sample) =>
      row(
        sample.seconds,
        sample.pending,
        sample.per_s,
        sample.sender_rss,
        sample.sender_heap,
        sample.receiver_rss,
        sample.receiver_heap,
      ),
    ),
    '',
  ].join('\n');
}
